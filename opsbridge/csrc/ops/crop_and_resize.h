// Where a cropped and resized pixel comes from, along one axis, and how it is mixed. Host, device.
#pragma once

#include <cstdint>

#include "opsbridge/numeric.h"
#include "opsbridge/rules/crop_and_resize.h"

namespace opsbridge {

// Why a box is refused.
constexpr int64_t kNotFinite = 1, kBatchOutOfRange = 2;
// Beyond this a place in an image no longer fits 64 bits after scaling.
constexpr float kLargestFraction = 1e9f;

// Low and high neighbour along one axis; `is_inside` is false where the image has no such place.
struct CropTap {
  int64_t low, high;
  float weight;
  bool is_inside;
};

// Box ends are fractions of the distance between the first and the last pixel.
OPSBRIDGE_FN float crop_position(float start, float end, int64_t size, int64_t crop_size,
                                 int64_t place) {
  const float last = static_cast<float>(size - 1);
  if (crop_size == 1) return 0.5f * (start + end) * last;
  const float step = (end - start) * last / static_cast<float>(crop_size - 1);
  return start * last + static_cast<float>(place) * step;
}

// The second form of bilinear: whole pixels, positions at their centres, nothing outside.
OPSBRIDGE_FN CropTap whole_pixel_tap(float start, float end, int64_t size, int64_t crop_size,
                                     int64_t place) {
  const int64_t first = static_cast<int64_t>(start * static_cast<float>(size));
  const int64_t last = static_cast<int64_t>(end * static_cast<float>(size));
  const int64_t length = larger(last - first + 1, int64_t(1));
  const float position = (static_cast<float>(place) + 0.5f) *
                             (static_cast<float>(length) / static_cast<float>(crop_size)) -
                         0.5f;
  const int64_t below = static_cast<int64_t>(round_down(position));
  const int64_t above = static_cast<int64_t>(round_up(position));
  const int64_t low = smaller(larger(below, int64_t(0)), length - 1);
  const int64_t high = smaller(larger(above, int64_t(0)), length - 1);
  const int64_t limit = size - 1;
  return CropTap{smaller(larger(first + low, int64_t(0)), limit),
                 smaller(larger(first + high, int64_t(0)), limit),
                 position - static_cast<float>(low), true};
}

OPSBRIDGE_FN CropTap crop_tap(float start, float end, int64_t size, int64_t crop_size,
                              int64_t place, Method method) {
  if (method == Method::bilinear_v2) return whole_pixel_tap(start, end, size, crop_size, place);
  const float position = crop_position(start, end, size, crop_size, place);
  if (!(position >= 0.0f && position <= static_cast<float>(size - 1))) {
    return CropTap{0, 0, 0.0f, false};
  }
  if (method == Method::nearest) {
    const int64_t nearest = static_cast<int64_t>(static_cast<double>(position) + 0.5);
    return CropTap{nearest, nearest, 0.0f, true};
  }
  const int64_t low = static_cast<int64_t>(position);
  return CropTap{low, static_cast<int64_t>(round_up(position)), position - static_cast<float>(low),
                 true};
}

OPSBRIDGE_FN float mixed(const CropTap& y, const CropTap& x, float low_low, float low_high,
                         float high_low, float high_high, Method method) {
  if (method == Method::nearest) return low_low;
  if (method == Method::bilinear) {
    const float low = low_low + (low_high - low_low) * x.weight;
    const float high = high_low + (high_high - high_low) * x.weight;
    return low + (high - low) * y.weight;
  }
  return low_low * (1.0f - y.weight) * (1.0f - x.weight) + high_high * y.weight * x.weight +
         low_high * (1.0f - y.weight) * x.weight + high_low * y.weight * (1.0f - x.weight);
}

}  // namespace opsbridge
