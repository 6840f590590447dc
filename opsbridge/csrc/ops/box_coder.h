// Offsets from anchors to boxes and back. Host and device, whose logarithms and exponentials may
// differ in the last place.
#pragma once

#include <cmath>

#include "ops/box_shapes.h"

namespace opsbridge {

template <class T>
struct CentredBox {
  T x, y, width, height;
};

template <class T>
OPSBRIDGE_FN CentredBox<T> centred(const T (&corner)[4], BoxOffset offset) {
  return {(corner[0] + corner[2]) * T(0.5), (corner[1] + corner[3]) * T(0.5),
          side(corner[0], corner[2], offset), side(corner[1], corner[3], offset)};
}

// The offset of one coordinate after normalising.
template <class T>
OPSBRIDGE_FN T normalised(T offset, T mean, T deviation) {
  return (offset - mean) / deviation;
}

template <class T>
OPSBRIDGE_FN T within(T value, T bound) {
  return larger(smaller(value, bound), T(0) - bound);
}

template <class T>
OPSBRIDGE_FN T on_image(T value, T size) {
  return larger(smaller(value, size), T(0));
}

// 16-bit floats go through the functions of float32, as in the frameworks.
template <class T>
OPSBRIDGE_FN T logarithm(T value) {
  if constexpr (sizeof(T) == 8) return std::log(value);
  return static_cast<T>(std::log(static_cast<float>(value)));
}

template <class T>
OPSBRIDGE_FN T exponential(T value) {
  if constexpr (sizeof(T) == 8) return std::exp(value);
  return static_cast<T>(std::exp(static_cast<float>(value)));
}

// Four numbers of a call. Frameworks hold them in float32, whatever the boxes are.
template <class T>
struct CoderSettings {
  T value[4];
};

template <class T>
CoderSettings<T> settings_of(const double (&numbers)[4]) {
  CoderSettings<T> settings;
  for (int i = 0; i < 4; ++i) {
    // GCC 12 leaves out the rounding of doubles that it rounds and widens in vectors.
    const volatile float held = static_cast<float>(numbers[i]);
    settings.value[i] = static_cast<T>(float(held));
  }
  return settings;
}

template <class T>
struct EncodeRow {
  CoderSettings<T> means, deviations;
  BoxOffset offset;

  OPSBRIDGE_MEMBER Four<T> operator()(const Four<T>& anchor_row, const Four<T>& target_row) const {
    const CentredBox<T> anchor = centred(anchor_row.value, offset);
    const CentredBox<T> target = centred(target_row.value, offset);
    const T ways[4] = {(target.x - anchor.x) / anchor.width, (target.y - anchor.y) / anchor.height,
                       logarithm(target.width / anchor.width),
                       logarithm(target.height / anchor.height)};
    Four<T> result;
    for (int i = 0; i < 4; ++i) {
      result.value[i] = normalised(ways[i], means.value[i], deviations.value[i]);
    }
    return result;
  }
};

// The logarithm of the largest ratio of sides.
template <class T>
T clip_of_ratio(double ratio) {
  return static_cast<T>(std::fabs(std::log(static_cast<float>(ratio))));
}

template <class T>
struct DecodeRow {
  CoderSettings<T> means, deviations;
  T clip, width, height;
  BoxOffset offset;

  OPSBRIDGE_MEMBER Four<T> operator()(const Four<T>& anchor_row, const Four<T>& row) const {
    T way[4];
    for (int i = 0; i < 4; ++i) {
      way[i] = row.value[i] * deviations.value[i] + means.value[i];
    }
    const CentredBox<T> anchor = centred(anchor_row.value, offset);
    const T half = T(0.5);
    const T long_x = exponential(within(way[2], clip)) * anchor.width;
    const T long_y = exponential(within(way[3], clip)) * anchor.height;
    const T x = way[0] * anchor.width + anchor.x;
    const T y = way[1] * anchor.height + anchor.y;
    const T inset = offset == BoxOffset::one ? half : T(0);
    return {{on_image((x - long_x * half) + inset, width),
             on_image((y - long_y * half) + inset, height),
             on_image((x + long_x * half) - inset, width),
             on_image((y + long_y * half) - inset, height)}};
  }
};

}  // namespace opsbridge
