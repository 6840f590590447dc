// RoI pooling and its gradient over a range of the output, at every instruction-set level.
#pragma once

#include <cstdint>

#include "ops/roi_pool.h"
#include "ops/roi_pool_regions.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// Tensors hold S, arithmetic is in T.
template <class S, class T>
struct RoiPoolJob {
  RoiPoolConfig<T> config;
  RegionInputs<S> inputs;
  const PixelRange* bins;  // of region after region
  S* pooled;               // contiguous
  int32_t* argmax;         // contiguous: y * width + x of each maximum, or -1; null: not wanted
};

// Reads the gradient of the result, and the features only where a maximum is looked for again:
// where `argmax`, the places that the forward pass found, is null.
template <class S, class T>
struct RoiPoolGradientJob {
  RoiPoolConfig<T> config;
  RegionInputs<S> inputs;
  const PixelRange* bins;  // of region after region
  const S* pooled;
  int64_t pooled_strides[4];
  const int32_t* argmax;
  int64_t argmax_strides[4];
  S* gradient;  // contiguous
};

// A block of channels is one cache line a pixel: this many channels of numbers of T.
constexpr int64_t kBlockPixelBytes = 64;
template <class T>
constexpr int64_t kChannelsOfBlock = kBlockPixelBytes / (sizeof(T) > 4 ? sizeof(T) : 4);

// The memory of one block: pixels, two lines a column, two lines a bin.
template <class T>
OPSBRIDGE_FN int64_t block_bytes(const RoiPoolConfig<T>& config) {
  return kBlockPixelBytes * (config.height * config.width + 2 * config.width +
                             2 * config.pooled_height * config.pooled_width);
}

// The backward finds the places of this many regions at once, 4 MiB of them, and at least of one.
template <class T>
OPSBRIDGE_FN int64_t regions_together(const RoiPoolConfig<T>& config) {
  return larger((int64_t(1) << 16) / (config.pooled_height * config.pooled_width), int64_t(1));
}

template <class T>
OPSBRIDGE_FN int64_t places_bytes(const RoiPoolConfig<T>& config) {
  return kBlockPixelBytes * regions_together(config) * config.pooled_height * config.pooled_width;
}

// The first fills the rows [first, last) of the result, the second the planes [first, last) of the
// gradient, where a plane is one channel of one image. The next two do the same for maxima, for
// one block of channels of all regions on one image; the last does it for the channels [first,
// last) where the places of the maxima are given. False: memory ran out.
#define OPSBRIDGE_DECLARE(level)                                                           \
  namespace level {                                                                        \
  template <class S, class T>                                                              \
  void roi_pool(const RoiPoolJob<S, T>&, int64_t first, int64_t last);                     \
  template <class S, class T>                                                              \
  bool roi_pool_backward(const RoiPoolGradientJob<S, T>&, int64_t first, int64_t last);    \
  template <class S, class T>                                                              \
  void roi_pool_block(const RoiPoolJob<S, T>&, const ImageRegions&, int64_t first_channel, \
                      char* memory);                                                       \
  template <class S, class T>                                                              \
  bool roi_pool_backward_block(const RoiPoolGradientJob<S, T>&, const ImageRegions&,       \
                               int64_t first_channel, char* memory);                       \
  template <class S, class T>                                                              \
  bool roi_pool_scatter(const RoiPoolGradientJob<S, T>&, const ImageRegions&,              \
                        int64_t first_channel, int64_t last_channel);                      \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

// The types that tensors hold, each with those that arithmetic may be in.
#define OPSBRIDGE_FOR_EACH_REGION_TYPE(macro)                                                 \
  macro(Half, Half) macro(Half, float) macro(BrainFloat, BrainFloat) macro(BrainFloat, float) \
      macro(float, float) macro(double, double)

}  // namespace opsbridge
