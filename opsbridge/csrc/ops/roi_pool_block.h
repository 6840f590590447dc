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
                       const ImageRegions& image, int64_t first_channel, char* memory) {
  using N = LaneOf<S>;
  const int64_t channels = smaller(config.channels - first_channel, int64_t(kBlockChannels<S>));
  char* const columns = memory + config.height * config.width * kPixelBytes;
  char* const values = columns + config.width * 2 * kPixelBytes;
  char* const places = values + config.pooled_height * config.pooled_width * kPixelBytes;
  const Block<S, T> block{config,
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

// The maxima of a region and their places, y * width + x; -1 where there is none.
template <class S, class T>
void find_places(const Block<S, T>& block, const RegionBins& bins) {
  using N = LaneOf<S>;
  const MaximaWork<N, Best<N>> work{block.pixels, block.config.width, block.lowest, block.columns};
  const auto put = [&](int64_t bin, const Best<N>& best) {
    store_pixel(block.values + bin * Pixel<N>::kNumbers, best.value);
    store_pixel(block.places + bin * Pixel<N>::kNumbers, best.place);
  };
  const Best<N> nothing{same_pixel(N(0)), same_pixel(PlaceOf<N>(-1))};
  visit_maxima(work, bins, put, [&](int64_t bin) { put(bin, nothing); });
}

// Writes the places of a region channel by channel, `stride` apart.
template <class S, class T>
void write_places(const Block<S, T>& block, int32_t* to, int64_t stride) {
  const int64_t bins = block.config.pooled_height * block.config.pooled_width;
  if constexpr (kBlockChannels<S> == kBlockChannels<int32_t>) {
    write_pixels(block.places, bins, ChannelRun<int32_t>{to, stride, 1, block.channels});
  } else {
    for (int channel = 0; channel < block.channels; ++channel) {
      for (int64_t bin = 0; bin < bins; ++bin) {
        const PlaceOf<LaneOf<S>> place = block.places[bin * kBlockChannels<S> + channel];
        to[channel * stride + bin] = static_cast<int32_t>(place);
      }
    }
  }
}

}  // namespace
}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
