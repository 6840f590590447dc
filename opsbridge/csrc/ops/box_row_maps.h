// What the operators that treat each box alone make of a row, which T holds exactly. Host and
// device.
#pragma once

#include "ops/box_rows.h"
#include "opsbridge/rules/box_area.h"
#include "opsbridge/rules/check_valid.h"
#include "opsbridge/rules/clip_boxes.h"
#include "opsbridge/rules/small_boxes.h"

namespace opsbridge {

// The reason of a refused row: a number leaves the dtype of the result.
constexpr int64_t kLeavesDtype = 1;

// Sums and differences of smaller integers stay within 64 bits.
template <class T>
OPSBRIDGE_FN bool is_summable(const Four<T>& four) {
  if constexpr (std::is_integral_v<T>) {
    constexpr T kBound = T(1) << 62;
    for (const T value : four.value) {
      if (value <= -kBound || value >= kBound) return false;
    }
  }
  return true;
}

// From one layout to another one; integers give fractions from and to centres only.
template <class R>
struct ConvertRow {
  Layout source, target;

  template <class T>
  OPSBRIDGE_MEMBER Four<R> operator()(const Four<T>& box) const {
    if (source == target) return cast<R>(box);
    if constexpr (!std::is_same_v<R, T>) {
      if (source == Layout::cxcywh)
        return from_corners<R>(to_corners(cast<R>(box), source), target);
    }
    return from_corners<R>(to_corners(box, source), target);
  }
};

// T is what coordinates are compared in.
template <class T>
struct ClipRow {
  T x_limit, y_limit;

  static ClipRow of(double height, double width, const ClipBoxesRule& rule) {
    const T last = rule.box_offset == BoxOffset::one ? T(1) : T(0);
    return ClipRow{static_cast<T>(width) - last, static_cast<T>(height) - last};
  }

  template <class V>
  OPSBRIDGE_MEMBER Four<T> operator()(const Four<V>& box) const {
    const Four<T> four = cast<T>(box);
    const T* v = four.value;
    return Four<T>{{clipped(v[0], x_limit), clipped(v[1], y_limit), clipped(v[2], x_limit),
                    clipped(v[3], y_limit)}};
  }
};

template <class T>
OPSBRIDGE_FN T area_of_row(const Four<T>& box, const BoxAreaRule& rule) {
  const Sides<T> sides = sides_of(box, rule.layout, rule.box_offset);
  return sides.first * sides.second;
}

// Whether the product of two sides fits in 64 bits.
OPSBRIDGE_FN bool has_product(int64_t a, int64_t b) {
  constexpr int64_t kSafe = int64_t(1) << 31;
  if (a < kSafe && a > -kSafe && b < kSafe && b > -kSafe) return true;
  if (a == 0 || b == 0) return true;
  const int64_t product = static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  return product != INT64_MIN && product / a == b;
}

template <class T>
OPSBRIDGE_FN bool passes(const Sides<T>& sides, T limit, SideTest test) {
  return test == SideTest::above ? sides.first > limit && sides.second > limit
                                 : sides.first >= limit && sides.second >= limit;
}

// T is what sides are compared in.
template <class T, class V>
OPSBRIDGE_FN bool is_large(const Four<V>& box, T limit, const SmallBoxesRule& rule) {
  const Sides<V> sides = sides_of(box, Layout::xyxy, rule.box_offset);
  return passes(Sides<T>{static_cast<T>(sides.first), static_cast<T>(sides.second)}, limit,
                rule.side_test);
}

// How far corners may lie inside an image of (height, width, ratio).
template <class T>
struct ImageLimits {
  T x, y;
};

template <class T>
OPSBRIDGE_FN ImageLimits<T> image_limits(T height, T width, T ratio, BoxOffset offset) {
  const T last = offset == BoxOffset::one ? T(1) : T(0);
  return ImageLimits<T>{width * ratio - last, height * ratio - last};
}

// Whatever is not found outside counts as inside, a NaN too.
template <class T>
OPSBRIDGE_FN bool is_inside(const Four<T>& box, const ImageLimits<T>& limits) {
  const T* v = box.value;
  return !(v[0] < T(0) || v[1] < T(0) || limits.x < v[2] || limits.y < v[3]);
}

}  // namespace opsbridge
