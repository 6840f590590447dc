// Bits of a word. Plain C++17, host and device.
#pragma once

#include <cstdint>

#include "opsbridge/types.h"

namespace opsbridge {

// The number of the lowest bit that is set, of any that is.
OPSBRIDGE_FN int lowest_bit(uint64_t bits) {
#ifdef __CUDA_ARCH__
  return __ffsll(static_cast<long long>(bits)) - 1;
#else
  return __builtin_ctzll(bits);
#endif
}

OPSBRIDGE_FN uint32_t count_of_bits(uint32_t bits) {
#ifdef __CUDA_ARCH__
  return static_cast<uint32_t>(__popc(bits));
#else
  return static_cast<uint32_t>(__builtin_popcount(bits));
#endif
}

}  // namespace opsbridge
