// Adding the gradients of bins to the pixels that were their maxima. Included by kernels only, once
// per level.
#pragma once

#include "ops/roi_pool_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The bins of one region in one channel, read through their strides.
template <class N>
struct BinRow {
  const N* first;
  int64_t row_stride, column_stride;
};

template <class N>
OPSBRIDGE_FN bool is_one_run(const BinRow<N>& row, int64_t width) {
  return row.column_stride == 1 && row.row_stride == width;
}

// Asks for the bins of a region before they are needed. Regions lie far apart, so that nothing else
// fetches the next ones in time.
template <class N>
OPSBRIDGE_FN void prefetch(const BinRow<N>& row, int64_t bins) {
  constexpr int64_t kStep = kBlockPixelBytes / int64_t(sizeof(N));
  for (int64_t i = 0; i < bins; i += kStep) __builtin_prefetch(row.first + i);
  __builtin_prefetch(row.first + bins - 1);
}

// A place that is not in the plane, such as -1, takes nothing.
template <class T, class S>
OPSBRIDGE_FN void add_run(const BinRow<int32_t>& places, const BinRow<S>& gradients, int64_t count,
                          uint64_t plane, T* sums) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t place = places.first[i * places.column_stride];
    if (uint64_t(place) >= plane) continue;
    sums[place] = sums[place] + static_cast<T>(gradients.first[i * gradients.column_stride]);
  }
}

template <class T, class S>
OPSBRIDGE_FN void add_region(BinRow<int32_t> places, BinRow<S> gradients,
                             const RoiPoolConfig<T>& config, T* sums) {
  const int64_t width = config.pooled_width;
  const uint64_t plane = uint64_t(config.height * config.width);
  if (is_one_run(places, width) && is_one_run(gradients, width)) {
    return add_run(BinRow<int32_t>{places.first, 0, 1}, BinRow<S>{gradients.first, 0, 1},
                   width * config.pooled_height, plane, sums);
  }
  for (int64_t y = 0; y < config.pooled_height; ++y) {
    add_run(places, gradients, width, plane, sums);
    places.first += places.row_stride;
    gradients.first += gradients.row_stride;
  }
}

// What region i of those on an image gives to one channel; places_of(i) are its maxima. Asks for
// those of a later one, up to the last.
template <class S, class T, class PlacesOf>
OPSBRIDGE_FN void add_to_plane(const RoiPoolGradientJob<S, T>& job, const ImageRegions& image,
                               int64_t i, int64_t last, int64_t channel, PlacesOf places_of,
                               T* sums) {
  constexpr int64_t kAhead = 4;
  const int64_t* strides = job.pooled_strides;
  const int64_t bins = job.config.pooled_height * job.config.pooled_width;
  const auto gradients_of = [&](int64_t place) {
    const S* first = job.pooled + image.regions[place] * strides[0] + channel * strides[1];
    return BinRow<S>{first, strides[2], strides[3]};
  };
  const int64_t soon = smaller(i + kAhead, last);
  prefetch(places_of(soon), bins);
  prefetch(gradients_of(soon), bins);
  add_region(places_of(i), gradients_of(i), job.config, sums);
}

}  // namespace
}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
