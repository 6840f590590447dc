// Offsets from anchors to boxes and back. Host and device, whose logarithms and exponentials may
// differ in the last place.
#pragma once

#include <cmath>

#include "ops/box_shapes.h"
#include "opsbridge/rules/box_decode.h"

namespace opsbridge {

template <class T>
struct CentredBox {
  T x, y, width, height;
};

template <class T>
OPSBRIDGE_FN CentredBox<T> centred(const T (&corner)[4], BoxOffset offset,
                                   AnchorCentre centre = AnchorCentre::midpoint) {
  const T width = side(corner[0], corner[2], offset), height = side(corner[1], corner[3], offset);
  if (centre == AnchorCentre::low_and_half_side) {
    return {corner[0] + width * T(0.5), corner[1] + height * T(0.5), width, height};
  }
  return {(corner[0] + corner[2]) * T(0.5), (corner[1] + corner[3]) * T(0.5), width, height};
}

// What the added side length makes a decoded corner lie further in.
template <class T>
struct Insets {
  T low, high;
};

template <class T>
OPSBRIDGE_FN Insets<T> insets(const BoxDecodeRule& rule) {
  if (rule.box_offset == BoxOffset::zero) return {T(0), T(0)};
  return rule.taken_off == TakenOff::high ? Insets<T>{T(0), T(1)} : Insets<T>{T(0.5), T(0.5)};
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

template <class T>
OPSBRIDGE_FN Four<T> encoded(const CentredBox<T>& anchor, const CentredBox<T>& target,
                             SideRatio side_ratio) {
  T width = target.width / anchor.width, height = target.height / anchor.height;
  if (side_ratio == SideRatio::absolute) {
    width = larger(width, T(0) - width);
    height = larger(height, T(0) - height);
  }
  return {{(target.x - anchor.x) / anchor.width, (target.y - anchor.y) / anchor.height,
           logarithm(width), logarithm(height)}};
}

template <class T>
struct EncodeRow {
  Four<T> means;
  BoxEncodeRule rule;

  OPSBRIDGE_MEMBER Four<T> operator()(const Four<T>& anchor, const Four<T>& target,
                                      const Four<T>& deviations) const {
    Four<T> offsets = encoded(centred(anchor.value, rule.box_offset, rule.anchor_centre),
                              centred(target.value, rule.box_offset), rule.side_ratio);
    for (int i = 0; i < 4; ++i) {
      offsets.value[i] = normalised(offsets.value[i], means.value[i], deviations.value[i]);
    }
    return offsets;
  }
};

template <class T>
OPSBRIDGE_FN Four<T> moved(const CentredBox<T>& anchor, const Four<T>& offsets, T clip,
                           const Insets<T>& inset) {
  const T half = T(0.5);
  const T width = exponential(within(offsets.value[2], clip)) * anchor.width;
  const T height = exponential(within(offsets.value[3], clip)) * anchor.height;
  const T x = offsets.value[0] * anchor.width + anchor.x;
  const T y = offsets.value[1] * anchor.height + anchor.y;
  return {{(x - width * half) + inset.low, (y - height * half) + inset.low,
           (x + width * half) - inset.high, (y + height * half) - inset.high}};
}

// What decoding does to the boxes besides moving them.
template <class T>
struct DecodeBounds {
  T clip;  // of the logarithm of a ratio of sides
  bool is_cut;
  T width, height;  // of the image that boxes are cut to
};

template <class T>
struct DecodeRow {
  Four<T> means;
  DecodeBounds<T> bounds;
  BoxDecodeRule rule;

  OPSBRIDGE_MEMBER Four<T> operator()(const Four<T>& anchor, const Four<T>& row,
                                      const Four<T>& deviations) const {
    Four<T> offsets;
    for (int i = 0; i < 4; ++i) {
      offsets.value[i] = row.value[i] * deviations.value[i] + means.value[i];
    }
    Four<T> box = moved(centred(anchor.value, rule.box_offset, rule.anchor_centre), offsets,
                        bounds.clip, insets<T>(rule));
    if (!bounds.is_cut) return box;
    for (int i = 0; i < 4; ++i) {
      box.value[i] = on_image(box.value[i], i % 2 == 0 ? bounds.width : bounds.height);
    }
    return box;
  }
};

}  // namespace opsbridge
