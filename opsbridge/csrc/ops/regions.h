// What all operators on regions of interest do alike with one region. Host and device.
#pragma once

#include "opsbridge/numeric.h"
#include "opsbridge/rules/regions.h"

namespace opsbridge {

// Why a region is refused; kept in the low bits of the error word that the caller spells out.
enum class RoiError {
  none,
  nonfinite,
  overflow,
  batch_not_whole,
  batch_out_of_range,
  negative_size,
  negative_grid,
  grid_too_large,
  wrong_counts,
  corner_too_large
};

constexpr int64_t kInt32Max = 2147483647;

template <class T>
OPSBRIDGE_FN bool is_finite(T value) {
  return value - value == T(0);
}

template <class T>
OPSBRIDGE_FN T held_scale(double scale, ScaleType type) {
  return type == ScaleType::float32 ? static_cast<T>(static_cast<float>(scale))
                                    : static_cast<T>(scale);
}

// The image a region belongs to, from its batch column.
template <class T>
OPSBRIDGE_FN RoiError batch_index(T column, int64_t images, BatchRule rule, int64_t& index) {
  const T last = static_cast<T>(images - 1);
  T value = column;
  switch (rule) {
    case BatchRule::nearest_7e_5:
      if (!(column >= T(0) && column <= last)) return RoiError::batch_out_of_range;
      value = round_to_even(column + static_cast<T>(7e-5));
      break;
    case BatchRule::truncate:
      value = round_to_zero(column);
      break;
    default:
      if (is_finite(column) && round_to_zero(column) != column) return RoiError::batch_not_whole;
      break;
  }
  if (!(value >= T(0) && value <= last)) return RoiError::batch_out_of_range;
  index = static_cast<int64_t>(value);
  return RoiError::none;
}

// How the channels of the features and of the result belong together.
struct ChannelGrid {
  ChannelMap map;
  int64_t pooled_height, pooled_width;
};

OPSBRIDGE_FN int64_t pooled_channels(const ChannelGrid& grid, int64_t channels) {
  if (grid.map == ChannelMap::same) return channels;
  return channels / grid.pooled_height / grid.pooled_width;
}

// The channel of the features that a bin of a channel of the result is read from.
OPSBRIDGE_FN int64_t source_channel(const ChannelGrid& grid, int64_t channel, int64_t y,
                                    int64_t x) {
  if (grid.map == ChannelMap::same) return channel;
  return (channel * grid.pooled_height + y) * grid.pooled_width + x;
}

// The bins that read one channel of the features: all of one channel of the result, or one bin.
struct SourceBins {
  int64_t channel, first_y, last_y, first_x, last_x;
};

OPSBRIDGE_FN SourceBins bins_of_source(const ChannelGrid& grid, int64_t source) {
  if (grid.map == ChannelMap::same) {
    return SourceBins{source, 0, grid.pooled_height, 0, grid.pooled_width};
  }
  const int64_t x = source % grid.pooled_width;
  const int64_t y = source / grid.pooled_width % grid.pooled_height;
  return SourceBins{source / grid.pooled_width / grid.pooled_height, y, y + 1, x, x + 1};
}

// Features and regions of one call; tensors hold S, strides count elements. `images` holds the
// image of each region, already checked.
template <class S>
struct RegionInputs {
  const S* features;
  int64_t feature_strides[4];
  const S* corners;
  int64_t corner_strides[2];
  const int64_t* images;
  int64_t rows;
};

// One channel of one image, read through its strides.
template <class S>
struct Plane {
  const S* origin;
  int64_t row_stride, column_stride;
};

template <class S>
OPSBRIDGE_FN Plane<S> plane_of(const RegionInputs<S>& inputs, int64_t image, int64_t channel) {
  const int64_t* strides = inputs.feature_strides;
  return Plane<S>{inputs.features + image * strides[0] + channel * strides[1], strides[2],
                  strides[3]};
}

template <class S>
OPSBRIDGE_FN S at(const Plane<S>& plane, int64_t y, int64_t x) {
  return plane.origin[y * plane.row_stride + x * plane.column_stride];
}

template <class T>
struct Corners {
  T x1, y1, x2, y2;
};

template <class T, class S>
OPSBRIDGE_FN Corners<T> corners_of_row(const RegionInputs<S>& inputs, int64_t row) {
  const S* first = inputs.corners + row * inputs.corner_strides[0];
  const int64_t step = inputs.corner_strides[1];
  return Corners<T>{static_cast<T>(first[0]), static_cast<T>(first[step]),
                    static_cast<T>(first[2 * step]), static_cast<T>(first[3 * step])};
}

}  // namespace opsbridge
