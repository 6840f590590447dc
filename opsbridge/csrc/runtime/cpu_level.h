// Which instruction-set level the kernels run at: the widest one the CPU has, unless OPSBRIDGE_ISA
// names a narrower one.
#pragma once

#include "ops/kernels.h"

namespace opsbridge {

const CpuKernels& cpu_kernels();

// "baseline", "avx2" or "avx512": the level in use.
const char* cpu_level();

// Null when OPSBRIDGE_ISA is unset or names a level this CPU can run; else what is wrong with it.
const char* cpu_level_problem();

}  // namespace opsbridge
