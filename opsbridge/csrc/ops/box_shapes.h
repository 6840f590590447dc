// What is done to one box alone: layouts, area, clipping, sides. Host and device.
#pragma once

#include "opsbridge/box.h"

namespace opsbridge {

template <class T>
struct Four {
  T value[4];
};

// Corners (x1, y1, x2, y2) of a box in any layout; T is what the framework computes them in.
template <class T>
OPSBRIDGE_FN Four<T> to_corners(const Four<T>& box, Layout layout) {
  const T* v = box.value;
  switch (layout) {
    case Layout::yxyx:
      return {{v[1], v[0], v[3], v[2]}};
    case Layout::xywh:
      return {{v[0], v[1], v[0] + v[2], v[1] + v[3]}};
    case Layout::cxcywh: {
      const T half_width = v[2] / T(2), half_height = v[3] / T(2);
      return {{v[0] - half_width, v[1] - half_height, v[0] + half_width, v[1] + half_height}};
    }
    default:
      return box;
  }
}

// From corners to a layout; R is the type of the results, wider than T for centres of integers.
template <class R, class T>
OPSBRIDGE_FN Four<R> from_corners(const Four<T>& corners, Layout layout) {
  const T x1 = corners.value[0], y1 = corners.value[1];
  const T x2 = corners.value[2], y2 = corners.value[3];
  switch (layout) {
    case Layout::yxyx:
      return {{R(y1), R(x1), R(y2), R(x2)}};
    case Layout::xywh:
      return {{R(x1), R(y1), R(x2 - x1), R(y2 - y1)}};
    case Layout::cxcywh:
      return {{R(x1 + x2) / R(2), R(y1 + y2) / R(2), R(x2 - x1), R(y2 - y1)}};
    default:
      return {{R(x1), R(y1), R(x2), R(y2)}};
  }
}

// The two sides whose product is the area, first times second.
template <class T>
struct Sides {
  T first, second;
};

template <class T>
OPSBRIDGE_FN Sides<T> sides_of(const Four<T>& box, Layout layout, BoxOffset offset) {
  const T* v = box.value;
  if (layout == Layout::xywh || layout == Layout::cxcywh) {
    return {side(T(0), v[2], offset), side(T(0), v[3], offset)};
  }
  const T first = side(v[0], v[2], offset), second = side(v[1], v[3], offset);
  return layout == Layout::yxyx ? Sides<T>{second, first} : Sides<T>{first, second};
}

// A NaN stays, and so does the sign of a zero; a limit below zero wins over zero.
template <class T>
OPSBRIDGE_FN T clipped(T value, T limit) {
  return smaller(larger(value, T(0)), limit);
}

}  // namespace opsbridge
