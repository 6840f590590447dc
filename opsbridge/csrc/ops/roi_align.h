// Region of interest align: the geometry of one region and the value of one bin. Host and device.
#pragma once

#include <limits>

#include "ops/regions.h"
#include "opsbridge/interp.h"
#include "opsbridge/rules/roi_align.h"

namespace opsbridge {

// One axis of a region: where it starts, how long a bin is, how many samples a bin takes.
template <class T>
struct RoiAxis {
  T start, length, bin;
  int64_t bins, samples;
  RoiError error;
  SampleSum sample_sum;
};

template <class T>
struct RoiAlignConfig {
  RoiAlignRule rule;
  T scale;
  int64_t sampling_ratio;
  int64_t pooled_height, pooled_width;
  int64_t channels, height, width;
};

template <class T>
OPSBRIDGE_FN ChannelGrid channel_grid(const RoiAlignConfig<T>& config) {
  return ChannelGrid{config.rule.channel_map, config.pooled_height, config.pooled_width};
}

// One sample per pixel; mmcv rounds up after cutting float64 to float32.
template <class T>
OPSBRIDGE_FN double adaptive_samples(T bin, Grid grid) {
  if (grid == Grid::floor) return static_cast<double>(round_down(bin));
  if (grid == Grid::ceil) return static_cast<double>(round_up(bin));
  return static_cast<double>(round_up(static_cast<float>(bin)));
}

template <class T>
OPSBRIDGE_FN RoiAxis<T> roi_axis(T low, T high, int64_t bins, const RoiAlignConfig<T>& config) {
  const RoiAlignRule& rule = config.rule;
  RoiAxis<T> axis{T(0), T(0), T(0), bins, 0, RoiError::none, rule.sample_sum};
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
    const double wanted = adaptive_samples(axis.bin, rule.grid);
    if (magnitude(wanted) > kInt32Max) {
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

// What the rule says about an error of geometry: refuse it, or leave the row to be zeroed.
OPSBRIDGE_FN RoiError judged(RoiError error, const RoiAlignRule& rule) {
  const bool is_zeroed =
      (error == RoiError::negative_size && rule.negative_size == NegativeSize::zero) ||
      ((error == RoiError::nonfinite || error == RoiError::overflow) &&
       rule.nonfinite == Nonfinite::zero);
  return is_zeroed ? RoiError::none : error;
}

template <class T>
OPSBRIDGE_FN RoiError check_geometry(const Corners<T>& corners, const RoiAlignConfig<T>& config) {
  const RoiAxis<T> y = roi_axis(corners.y1, corners.y2, config.pooled_height, config);
  const RoiAxis<T> x = roi_axis(corners.x1, corners.x2, config.pooled_width, config);
  // What is zeroed along one axis does not excuse what is refused along the other.
  const RoiError of_y = judged(y.error, config.rule), of_x = judged(x.error, config.rule);
  if (of_y != RoiError::none) return of_y;
  if (of_x != RoiError::none) return of_x;
  const bool is_zero_row = y.error != RoiError::none || x.error != RoiError::none;
  return is_zero_row ? RoiError::none : check_grid(y, x, config.rule);
}

template <class T>
OPSBRIDGE_FN T sample_position(const RoiAxis<T>& axis, int64_t bin, int64_t sample) {
  const T within = ((static_cast<T>(sample) + T(0.5)) * axis.bin) / static_cast<T>(axis.samples);
  const T before = static_cast<T>(bin) * axis.bin;
  return axis.sample_sum == SampleSum::bin_first ? (axis.start + before) + within
                                                 : axis.start + (before + within);
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

// One number for each of the four pixels around a sample: their values, or their weights. A number
// may stand for many channels: V is T, or lanes of T that multiply by a T.
template <class V>
struct SampleCorners {
  V low_low, low_high, high_low, high_high;
};

template <class T, class S>
OPSBRIDGE_FN SampleCorners<T> corners_of_sample(const Plane<S>& plane, const Tap<T>& y,
                                                const Tap<T>& x) {
  return SampleCorners<T>{
      static_cast<T>(at(plane, y.low, x.low)), static_cast<T>(at(plane, y.low, x.high)),
      static_cast<T>(at(plane, y.high, x.low)), static_cast<T>(at(plane, y.high, x.high))};
}

template <class T>
OPSBRIDGE_FN SampleCorners<T> corner_weights(const Tap<T>& y, const Tap<T>& x) {
  return SampleCorners<T>{y.low_weight * x.low_weight, y.low_weight * x.high_weight,
                          y.high_weight * x.low_weight, y.high_weight * x.high_weight};
}

template <class T, class V>
OPSBRIDGE_FN SampleCorners<V> weighted_corners(const SampleCorners<T>& weights,
                                               const SampleCorners<V>& values) {
  return SampleCorners<V>{weights.low_low * values.low_low, weights.low_high * values.low_high,
                          weights.high_low * values.high_low, weights.high_high * values.high_high};
}

template <class T, class V>
OPSBRIDGE_FN V bilinear(const SampleCorners<T>& weights, const SampleCorners<V>& values) {
  const SampleCorners<V> parts = weighted_corners(weights, values);
  return ((parts.low_low + parts.low_high) + parts.high_low) + parts.high_high;
}

template <class T, class V>
OPSBRIDGE_FN V largest_weighted_corner(const SampleCorners<T>& weights,
                                       const SampleCorners<V>& values) {
  const SampleCorners<V> parts = weighted_corners(weights, values);
  return larger(larger(larger(parts.low_low, parts.low_high), parts.high_low), parts.high_high);
}

// Which corner the one above is: the first of the largest, as std::max picks.
template <class T>
OPSBRIDGE_FN int largest_corner(const SampleCorners<T>& weights, const SampleCorners<T>& values) {
  const SampleCorners<T> parts = weighted_corners(weights, values);
  const T listed[4] = {parts.low_low, parts.low_high, parts.high_low, parts.high_high};
  int largest = 0;
  for (int corner = 1; corner < 4; ++corner) {
    if (listed[largest] < listed[corner]) largest = corner;
  }
  return largest;
}

// What one sample offers to the maximum of its bin.
template <class T, class V>
OPSBRIDGE_FN V sample_maximum(const SampleCorners<T>& weights, const SampleCorners<V>& values,
                              Reduction reduction) {
  return reduction == Reduction::maximum_weighted_corner ? largest_weighted_corner(weights, values)
                                                         : bilinear(weights, values);
}

// What the maximum is before the first sample. ONNX Runtime leaves a bin without samples at 0.
template <class T>
OPSBRIDGE_FN T first_maximum(const RoiAlignRule& rule, const RoiAxis<T>& y, const RoiAxis<T>& x) {
  const bool is_empty = y.samples <= 0 || x.samples <= 0;
  if (is_empty && rule.reduction == Reduction::maximum_weighted_corner) return T(0);
  const bool starts_at_10000 =
      rule.reduction == Reduction::maximum && rule.maximum_start == MaximumStart::minus_10000;
  return starts_at_10000 ? T(-10000) : static_cast<T>(-std::numeric_limits<float>::max());
}

// What the mean is divided by; the product of the grids may be zero or negative where it is raw.
template <class T>
OPSBRIDGE_FN T sample_count(const RoiAxis<T>& y, const RoiAxis<T>& x, Count count) {
  const int64_t product = y.samples * x.samples;
  return static_cast<T>(count == Count::at_least_one ? larger(product, int64_t(1)) : product);
}

}  // namespace opsbridge
