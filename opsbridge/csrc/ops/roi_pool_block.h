// One block of channels of one image, and the maxima of the regions on it. Included by kernels
// only, once per level.
#pragma once

#include "ops/roi_pool_maxima.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

template <class S, class T>
struct Block {
  using N = LaneOf<S>;
  const RoiPoolConfig<T>& config;
  const RegionInputs<S>& inputs;
  const BinSpan* spans;
  const ImageRegions& image;
  int64_t first_channel;
  int channels;
  N lowest;
  // Pixels, a row of columns, and the bins of one region, each in whole cache lines.
  N* pixels;
  Best<N>* columns;
  N* values;
  PlaceOf<N>* places;
};

// Divides the memory and reads the pixels that regions touch.
template <class S, class T>
Block<S, T> open_block(const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs,
                       const BinSpan* spans, const ImageRegions& image, int64_t first_channel,
                       char* memory) {
  using N = LaneOf<S>;
  const int64_t channels = smaller(config.channels - first_channel, int64_t(kBlockChannels<S>));
  char* const columns = memory + config.height * config.width * kPixelBytes;
  char* const values = columns + config.width * 2 * kPixelBytes;
  char* const places = values + config.pooled_height * config.pooled_width * kPixelBytes;
  const Block<S, T> block{config,
                          inputs,
                          spans,
                          image,
                          first_channel,
                          static_cast<int>(channels),
                          static_cast<N>(lowest_maximum<T>()),
                          reinterpret_cast<N*>(memory),
                          reinterpret_cast<Best<N>*>(columns),
                          reinterpret_cast<N*>(values),
                          reinterpret_cast<PlaceOf<N>*>(places)};
  const Plane<S> plane = plane_of(inputs, image.image, first_channel);
  read_rows(ChannelRun<const S>{plane.origin, inputs.feature_strides[1], plane.column_stride,
                                block.channels},
            plane.row_stride, config.width, image.touched.first, image.touched.last, block.pixels);
  return block;
}

template <class S, class T>
RegionSpans spans_of(const Block<S, T>& block, int64_t region) {
  const int64_t height = block.config.pooled_height, width = block.config.pooled_width;
  const BinSpan* first = block.spans + region * (height + width);
  return RegionSpans{first, first + height, height, width};
}

// The maxima of a region and their places, y * width + x; -1 where there is none.
template <class S, class T>
void find_places(const Block<S, T>& block, const RegionSpans& spans) {
  using N = LaneOf<S>;
  const MaximaWork<N, Best<N>> work{block.pixels, block.config.width, block.lowest, block.columns};
  const auto put = [&](int64_t bin, const Best<N>& best) {
    store_pixel(block.values + bin * Pixel<N>::kNumbers, best.value);
    store_pixel(block.places + bin * Pixel<N>::kNumbers, best.place);
  };
  const Best<N> nothing{same_pixel(N(0)), same_pixel(PlaceOf<N>(-1))};
  visit_maxima(work, spans, put, [&](int64_t bin) { put(bin, nothing); });
}

}  // namespace
}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
