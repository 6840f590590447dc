// Region of interest align: the geometry of one region and the value of one bin. Host and device.
#pragma once

#include <limits>

#include "opsbridge/interp.h"
#include "opsbridge/rules/roi_align.h"

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
  wrong_counts
};

// One axis of a region: where it starts, how long a bin is, how many samples a bin takes.
template <class T>
struct RoiAxis {
  T start, length, bin;
  int64_t bins, samples;
  RoiError error;
};

template <class T>
struct RoiAlignConfig {
  RoiAlignRule rule;
  T scale;
  int64_t sampling_ratio;
  int64_t pooled_height, pooled_width;
  int64_t batch, channels, height, width;
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

template <class T>
OPSBRIDGE_FN RoiAxis<T> roi_axis(T low, T high, int64_t bins, const RoiAlignConfig<T>& config) {
  const RoiAlignRule& rule = config.rule;
  RoiAxis<T> axis{T(0), T(0), T(0), bins, 0, RoiError::none};
  const T shift = rule.half_pixel == HalfPixel::half ? T(0.5) : T(0);
  if (!is_finite(low) || !is_finite(high)) {
    axis.error = RoiError::nonfinite;
    return axis;
  }
  if (rule.end_offset == EndOffset::one) high = high + T(1);
  axis.start = low * config.scale - shift;
  axis.length = (high * config.scale - shift) - axis.start;
  if (!is_finite(axis.start) || !is_finite(axis.length)) {
    axis.error = RoiError::overflow;
    return axis;
  }
  if (axis.length < T(0) &&
      (rule.negative_size == NegativeSize::refuse || rule.negative_size == NegativeSize::zero)) {
    axis.error = RoiError::negative_size;
    return axis;
  }
  if (rule.min_size == MinSize::one) axis.length = larger(axis.length, T(1));
  axis.bin = axis.length / static_cast<T>(bins);
  axis.samples = config.sampling_ratio;
  if (config.sampling_ratio <= 0) {
    const T wanted = rule.grid == Grid::ceil ? round_up(axis.bin) : round_down(axis.bin);
    if (magnitude(static_cast<double>(wanted)) > kInt32Max) {
      axis.error = RoiError::grid_too_large;
      return axis;
    }
    axis.samples = static_cast<int64_t>(wanted);
  }
  return axis;
}

// The sample grids of both axes together: |gy * gx| and its sign decide whether it can be taken.
template <class T>
OPSBRIDGE_FN RoiError check_grid(const RoiAxis<T>& y, const RoiAxis<T>& x,
                                 const RoiAlignRule& rule) {
  const int64_t product = y.samples * x.samples;
  if (product < 0 && rule.negative_size == NegativeSize::refuse_one_axis) {
    return RoiError::negative_grid;
  }
  const int64_t allowed =
      rule.grid_limit == GridLimit::table ? kInt32Max / y.bins / x.bins : kInt32Max;
  return magnitude(product) > allowed ? RoiError::grid_too_large : RoiError::none;
}

// The image a region belongs to, from its batch column.
template <class T>
OPSBRIDGE_FN RoiError batch_index(T column, const RoiAlignConfig<T>& config, int64_t& index) {
  const T last = static_cast<T>(config.batch - 1);
  T value = column;
  switch (config.rule.batch_rule) {
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

template <class T>
OPSBRIDGE_FN T sample_position(const RoiAxis<T>& axis, int64_t bin, int64_t sample) {
  const T within = ((static_cast<T>(sample) + T(0.5)) * axis.bin) / static_cast<T>(axis.samples);
  return (axis.start + static_cast<T>(bin) * axis.bin) + within;
}

// The samples of one bin that lie on the image: [first, last).
struct SampleRange {
  int64_t first, last;
};

// Positions never decrease (or, in an inverted region, never increase) with the sample number, so
// the usable ones are one run. Searching for its ends keeps huge regions as cheap as the image.
template <class T>
OPSBRIDGE_FN SampleRange usable_samples(const RoiAxis<T>& axis, int64_t bin, int64_t size) {
  const bool ascends = axis.bin >= T(0);
  int64_t ends[2];
  for (int end = 0; end < 2; ++end) {
    int64_t low = 0, high = larger(axis.samples, int64_t(0));
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      const T position = sample_position(axis, bin, middle);
      const bool before = ascends ? position < T(-1) : position > T(size);
      const bool not_after = ascends ? position <= T(size) : position >= T(-1);
      if (end == 0 ? before : not_after) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    ends[end] = low;
  }
  return size > 0 ? SampleRange{ends[0], larger(ends[0], ends[1])} : SampleRange{0, 0};
}

template <class T>
OPSBRIDGE_FN T bilinear(const Tap<T>& y, const Tap<T>& x, T low_low, T low_high, T high_low,
                        T high_high) {
  return (((y.low_weight * x.low_weight) * low_low + (y.low_weight * x.high_weight) * low_high) +
          (y.high_weight * x.low_weight) * high_low) +
         (y.high_weight * x.high_weight) * high_high;
}

template <class T>
OPSBRIDGE_FN T largest_weighted_corner(const Tap<T>& y, const Tap<T>& x, T low_low, T low_high,
                                       T high_low, T high_high) {
  const T low =
      larger((y.low_weight * x.low_weight) * low_low, (y.low_weight * x.high_weight) * low_high);
  return larger(larger(low, (y.high_weight * x.low_weight) * high_low),
                (y.high_weight * x.high_weight) * high_high);
}

template <class T>
OPSBRIDGE_FN T maximum_start(MaximumStart start) {
  return start == MaximumStart::minus_10000 ? T(-10000)
                                            : static_cast<T>(-std::numeric_limits<float>::max());
}

// What the mean is divided by; the product of the grids may be zero or negative where it is raw.
template <class T>
OPSBRIDGE_FN T sample_count(const RoiAxis<T>& y, const RoiAxis<T>& x, Count count) {
  const int64_t product = y.samples * x.samples;
  return static_cast<T>(count == Count::at_least_one ? larger(product, int64_t(1)) : product);
}

}  // namespace opsbridge
