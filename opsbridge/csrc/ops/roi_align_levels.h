// RoIAlign over a range of regions at every instruction-set level.
#pragma once

#include <cstdint>

#include "ops/roi_align.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// Tensors hold S, arithmetic is in T. Strides count elements. `batch` holds the image of each
// region, already checked.
template <class S, class T>
struct RoiAlignJob {
  RoiAlignConfig<T> config;
  const S* features;
  int64_t feature_strides[4];
  const S* corners;
  int64_t corner_strides[2];
  const int64_t* batch;
  S* pooled;
};

// Each fills the rows [first, last) of the output and returns false when memory ran out.
#define OPSBRIDGE_DECLARE(level)                                         \
  namespace level {                                                      \
  template <class S, class T>                                            \
  bool roi_align(const RoiAlignJob<S, T>&, int64_t first, int64_t last); \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
