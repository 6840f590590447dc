// Which instruction-set level the kernels run at: the widest one the CPU has, unless OPSBRIDGE_ISA
// names a narrower one. Kernels are compiled once per level, each in the namespace of its name.
#pragma once

namespace opsbridge {

enum class CpuLevel { baseline, avx2, avx512 };

CpuLevel cpu_level();

// Null when OPSBRIDGE_ISA is unset or names a level this CPU can run; else what is wrong with it.
const char* cpu_level_problem();

#ifdef OPSBRIDGE_HAS_X86_LEVELS
#define OPSBRIDGE_FOR_EACH_LEVEL(macro) macro(baseline) macro(avx2) macro(avx512)
// Runs a statement with the kernels of the level in use.
#define OPSBRIDGE_AT_LEVEL(...)              \
  switch (::opsbridge::cpu_level()) {        \
    case ::opsbridge::CpuLevel::avx512: {    \
      using namespace ::opsbridge::avx512;   \
      __VA_ARGS__;                           \
      break;                                 \
    }                                        \
    case ::opsbridge::CpuLevel::avx2: {      \
      using namespace ::opsbridge::avx2;     \
      __VA_ARGS__;                           \
      break;                                 \
    }                                        \
    default: {                               \
      using namespace ::opsbridge::baseline; \
      __VA_ARGS__;                           \
    }                                        \
  }
#else
#define OPSBRIDGE_FOR_EACH_LEVEL(macro) macro(baseline)
#define OPSBRIDGE_AT_LEVEL(...)            \
  {                                        \
    using namespace ::opsbridge::baseline; \
    __VA_ARGS__;                           \
  }
#endif

}  // namespace opsbridge
