#include "runtime/cpu_level.h"

#include <cstdlib>
#include <cstring>

namespace opsbridge {
namespace {

struct Level {
  const char* name;
  bool (*is_supported)();
  CpuKernels kernels;
};

#define OPSBRIDGE_KERNELS_OF(level) \
  CpuKernels { level::nms_sweep, level::nms_sweep, level::roi_align, level::roi_align }

// Narrowest first.
const Level kLevels[] = {
    {"baseline", [] { return true; }, OPSBRIDGE_KERNELS_OF(baseline)},
#ifdef OPSBRIDGE_HAS_X86_LEVELS
    {"avx2", [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); },
     OPSBRIDGE_KERNELS_OF(avx2)},
    {"avx512",
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("fma");
     },
     OPSBRIDGE_KERNELS_OF(avx512)},
#endif
};

#undef OPSBRIDGE_KERNELS_OF

struct Choice {
  const Level* level;
  const char* problem;
};

Choice choose_level() {
  const Level* widest = &kLevels[0];
  for (const Level& level : kLevels) {
    if (level.is_supported()) widest = &level;
  }
  const char* wanted = std::getenv("OPSBRIDGE_ISA");
  if (wanted == nullptr || *wanted == '\0') return {widest, nullptr};
  for (const Level& level : kLevels) {
    if (std::strcmp(level.name, wanted) != 0) continue;
    if (level.is_supported()) return {&level, nullptr};
    return {widest, "OPSBRIDGE_ISA names a level that this CPU cannot run"};
  }
  return {widest, "OPSBRIDGE_ISA must be baseline, avx2 or avx512 (as far as built)"};
}

const Choice& choice() {
  static const Choice chosen = choose_level();
  return chosen;
}

}  // namespace

const CpuKernels& cpu_kernels() { return choice().level->kernels; }
const char* cpu_level() { return choice().level->name; }
const char* cpu_level_problem() { return choice().problem; }

}  // namespace opsbridge
