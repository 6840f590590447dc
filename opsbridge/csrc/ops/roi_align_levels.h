// RoIAlign and its gradient over a part of the output, at every instruction-set level.
#pragma once

#include <cstdint>

#include "ops/roi_align_taps.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// Tensors hold S, arithmetic is in T. `regions` holds the tables of each region, if kept.
template <class S, class T>
struct RoiAlignJob {
  RoiAlignConfig<T> config;
  RegionInputs<S> inputs;
  const Region<T>* regions;
  S* pooled;  // contiguous
};

// Reads the gradient of the result, and the features only where a maximum is looked for again.
template <class S, class T>
struct RoiAlignGradientJob {
  RoiAlignConfig<T> config;
  RegionInputs<S> inputs;
  const Region<T>* regions;
  const S* pooled;
  int64_t pooled_strides[4];
  S* gradient;  // contiguous
};

// A block of channels of one image, and the regions of that image in the order to take them.
struct RoiAlignBlock {
  int64_t image, first_channel;
  const int64_t* rows;
  int64_t count;
};

// What of a row of pixels is in the block: [first, last).
struct RowSpan {
  int64_t first, last;
};

// The memory of one thread: pixels of the image, bins of a region, the same bins channel by
// channel, weights of a row of them, what is in the block, and the tables of regions that are not
// kept.
template <class T>
struct BlockScratch {
  void* pixels;
  void* bins;
  void* planes;
  void* weights;
  RowSpan* spans;
  RegionScratch<T> region;
};

// Bins go from the scratch to the result in groups of whole rows, about this many at a time.
constexpr int64_t kBinsAtOnce = 256;

// Beyond this many samples in a row of bins their weights are not kept in a table.
constexpr int64_t kWeightsAtOnce = 2048;

// Tables of weights are read and written in whole vectors.
constexpr int64_t kWeightPadding = 4;

OPSBRIDGE_FN int64_t bin_rows_at_once(int64_t pooled_width) {
  return larger(kBinsAtOnce / pooled_width, int64_t(1));
}

// Channel by channel: the first fills the rows [first, last) of the result, the second the planes
// [first, last) of the gradient, where a plane is one channel of one image. In blocks: the same for
// a block of channels that stay themselves. False: memory ran out.
#define OPSBRIDGE_DECLARE(level)                                                          \
  namespace level {                                                                       \
  template <class S, class T>                                                             \
  bool roi_align(const RoiAlignJob<S, T>&, int64_t first, int64_t last);                  \
  template <class S, class T>                                                             \
  bool roi_align_backward(const RoiAlignGradientJob<S, T>&, int64_t first, int64_t last); \
  template <class S, class T>                                                             \
  bool roi_align_block(const RoiAlignJob<S, T>&, const RoiAlignBlock&, BlockScratch<T>&); \
  template <class S, class T>                                                             \
  bool roi_align_block_backward(const RoiAlignGradientJob<S, T>&, const RoiAlignBlock&,   \
                                BlockScratch<T>&);                                        \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
