#include "runtime/cpu_level.h"

#include <cstdlib>
#include <cstring>

namespace opsbridge {
namespace {

#ifdef OPSBRIDGE_HAS_X86_LEVELS
bool has_fma_and_f16c() { return __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"); }
#endif

struct Level {
  const char* name;
  CpuLevel level;
  bool (*is_supported)();
};

// Narrowest first.
const Level kLevels[] = {
    {"baseline", CpuLevel::baseline, [] { return true; }},
#ifdef OPSBRIDGE_HAS_X86_LEVELS
    {"avx2", CpuLevel::avx2, [] { return __builtin_cpu_supports("avx2") && has_fma_and_f16c(); }},
    {"avx512", CpuLevel::avx512,
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
              has_fma_and_f16c();
     }},
#endif
};

struct Choice {
  CpuLevel level;
  const char* problem;
};

Choice choose_level() {
  CpuLevel widest = CpuLevel::baseline;
  for (const Level& level : kLevels) {
    if (level.is_supported()) widest = level.level;
  }
  const char* wanted = std::getenv("OPSBRIDGE_ISA");
  if (wanted == nullptr || *wanted == '\0') return {widest, nullptr};
  for (const Level& level : kLevels) {
    if (std::strcmp(level.name, wanted) != 0) continue;
    if (level.is_supported()) return {level.level, nullptr};
    return {widest, "OPSBRIDGE_ISA names a level that this CPU cannot run"};
  }
  return {widest, "OPSBRIDGE_ISA must be baseline, avx2 or avx512 (as far as built)"};
}

const Choice& choice() {
  static const Choice chosen = choose_level();
  return chosen;
}

}  // namespace

CpuLevel cpu_level() { return choice().level; }
const char* cpu_level_problem() { return choice().problem; }

}  // namespace opsbridge
