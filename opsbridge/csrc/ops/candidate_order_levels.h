// The order of few keys at every instruction-set level.
#pragma once

#include <cstdint>

#include "runtime/cpu_level.h"

namespace opsbridge {

constexpr uint32_t kMostCounted = 256;

// Writes the indices of at most kMostCounted keys, lowest key first, equal keys by index.
#define OPSBRIDGE_DECLARE(level)                                            \
  namespace level {                                                         \
  void order_by_counting(const uint32_t*, uint32_t count, uint32_t* order); \
  void order_by_counting(const uint64_t*, uint32_t count, uint32_t* order); \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
