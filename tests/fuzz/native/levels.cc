#include "levels.h"

namespace opsbridge {
namespace {

CpuLevel in_use = CpuLevel::baseline;

std::vector<CpuLevel> levels_of_this_cpu() {
  std::vector<CpuLevel> found{CpuLevel::baseline};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    found.push_back(CpuLevel::avx2);
    if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
      found.push_back(CpuLevel::avx512);
    }
  }
  return found;
}

}  // namespace

const std::vector<CpuLevel>& levels() {
  static const std::vector<CpuLevel> found = levels_of_this_cpu();
  return found;
}

void use_level(CpuLevel level) { in_use = level; }

CpuLevel cpu_level() { return in_use; }
const char* cpu_level_problem() { return nullptr; }

}  // namespace opsbridge
