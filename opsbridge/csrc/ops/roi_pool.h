// Region of interest pooling: the bins of one region along one axis. Host and device.
#pragma once

#include <limits>

#include "ops/regions.h"
#include "opsbridge/rules/roi_pool.h"

namespace opsbridge {

template <class T>
struct RoiPoolConfig {
  RoiPoolRule rule;
  T scale;
  int64_t pooled_height, pooled_width;
  int64_t channels, height, width;
};

template <class T>
OPSBRIDGE_FN ChannelGrid channel_grid(const RoiPoolConfig<T>& config) {
  return ChannelGrid{config.rule.channel_map, config.pooled_height, config.pooled_width};
}

// One axis of a region. A rounded corner is added to whole bin borders, so that a start which the
// type cannot hold does not move them; an exact one is added before these are rounded.
template <class T>
struct PoolAxis {
  T start;
  double whole_start;
  T bin;
  bool is_empty;
  RoiError error;
};

// Half away from zero, as C's round().
OPSBRIDGE_FN double round_half_away(double value) { return __builtin_round(value); }

template <class T>
OPSBRIDGE_FN PoolAxis<T> pool_axis(T low, T high, int64_t bins, const RoiPoolConfig<T>& config) {
  const RoiPoolRule& rule = config.rule;
  PoolAxis<T> axis{T(0), 0.0, T(0), false, RoiError::none};
  if (!is_finite(low) || !is_finite(high)) {
    axis.error = RoiError::nonfinite;
    return axis;
  }
  if (rule.corner == Corner::round_before_scale) {
    low = static_cast<T>(round_half_away(static_cast<double>(low)));
    high = static_cast<T>(round_half_away(static_cast<double>(high)));
  }
  if (rule.end_offset == EndOffset::one) high = high + T(1);
  const T start = low * config.scale, end = high * config.scale;
  if (!is_finite(start) || !is_finite(end)) {
    axis.error = RoiError::overflow;
    return axis;
  }
  const double added = rule.length_plus == LengthPlus::one ? 1.0 : 0.0;
  T length;
  if (rule.corner == Corner::round_away) {
    axis.whole_start = round_half_away(static_cast<double>(start));
    const double whole_end = round_half_away(static_cast<double>(end));
    if (magnitude(axis.whole_start) > kInt32Max || magnitude(whole_end) > kInt32Max) {
      axis.error = RoiError::corner_too_large;
      return axis;
    }
    length = static_cast<T>((whole_end - axis.whole_start) + added);
  } else {
    axis.start = start;
    length = rule.length_plus == LengthPlus::one ? (end - start) + T(1) : end - start;
  }
  axis.is_empty = rule.min_size == PoolMinSize::none && length <= T(0);
  if (rule.min_size == PoolMinSize::one) length = larger(length, T(1));
  if (rule.min_size == PoolMinSize::tenth) length = larger(length, T(0.1));
  axis.bin = length / static_cast<T>(bins);
  if (!is_finite(axis.bin)) axis.error = RoiError::overflow;
  return axis;
}

// Why a region is refused, if its rule does not define it as zero.
template <class T>
OPSBRIDGE_FN RoiError check_geometry(const Corners<T>& corners, const RoiPoolConfig<T>& config) {
  RoiError error = pool_axis(corners.y1, corners.y2, config.pooled_height, config).error;
  if (error == RoiError::none) {
    error = pool_axis(corners.x1, corners.x2, config.pooled_width, config).error;
  }
  return config.rule.nonfinite == Nonfinite::zero ? RoiError::none : error;
}

// The pixels [first, last) of one bin.
struct PixelRange {
  int64_t first, last;
};

OPSBRIDGE_FN int64_t clipped(double position, int64_t highest) {
  if (!(position > 0.0)) return smaller(int64_t(0), highest);
  return position < static_cast<double>(highest) ? static_cast<int64_t>(position) : highest;
}

template <class T>
OPSBRIDGE_FN PixelRange bin_pixels(const PoolAxis<T>& axis, int64_t bin, int64_t size,
                                   ClipHigh clip) {
  const T first = static_cast<T>(bin) * axis.bin + axis.start;
  const T last = static_cast<T>(bin + 1) * axis.bin + axis.start;
  const int64_t highest = clip == ClipHigh::size ? size : size - 1;
  return PixelRange{clipped(static_cast<double>(round_down(first)) + axis.whole_start, highest),
                    clipped(static_cast<double>(round_up(last)) + axis.whole_start, highest)};
}

OPSBRIDGE_FN ClipHigh gradient_clip(const RoiPoolRule& rule) {
  return rule.gradient_clip_high == GradientClipHigh::same ? rule.clip_high : ClipHigh::size;
}

template <class T>
OPSBRIDGE_FN T lowest_maximum() {
  return static_cast<T>(-std::numeric_limits<float>::max());
}

}  // namespace opsbridge
