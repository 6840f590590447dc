// RoIAlign and its gradient over a range of the output, at every instruction-set level.
#pragma once

#include <cstdint>

#include "ops/roi_align.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// Tensors hold S, arithmetic is in T.
template <class S, class T>
struct RoiAlignJob {
  RoiAlignConfig<T> config;
  RegionInputs<S> inputs;
  S* pooled;  // contiguous
};

// Reads the gradient of the result, and the features only where a maximum is looked for again.
template <class S, class T>
struct RoiAlignGradientJob {
  RoiAlignConfig<T> config;
  RegionInputs<S> inputs;
  const S* pooled;
  int64_t pooled_strides[4];
  S* gradient;  // contiguous
};

// The first fills the rows [first, last) of the result, the second the planes [first, last) of the
// gradient, where a plane is one channel of one image. False: memory ran out.
#define OPSBRIDGE_DECLARE(level)                                                          \
  namespace level {                                                                       \
  template <class S, class T>                                                             \
  bool roi_align(const RoiAlignJob<S, T>&, int64_t first, int64_t last);                  \
  template <class S, class T>                                                             \
  bool roi_align_backward(const RoiAlignGradientJob<S, T>&, int64_t first, int64_t last); \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
