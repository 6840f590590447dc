// Rotated boxes from one layout to another, and the gradients of that. Host and device.
//
// An angle is in degrees, counter-clockwise as one looks at an image whose second axis points down.
#pragma once

#include <type_traits>

#include "opsbridge/numeric.h"

namespace opsbridge {

// Five numbers (corner or centre, width, height, angle), or eight (four corners, in the order top
// left, top right, bottom right, bottom left of the box before it was turned).
template <class T>
struct RotatedRow {
  T value[8];
};

constexpr double kPi = 3.14159265358979323846;

// PyTorch takes a constant in the type it computes in, so a 16-bit type rounds results only.
template <class T>
using Constant = std::conditional_t<sizeof(T) == 2, float, T>;

template <class T>
OPSBRIDGE_FN T times(T value, double factor) {
  return T(static_cast<Constant<T>>(value) * static_cast<Constant<T>>(factor));
}

template <class T>
OPSBRIDGE_FN T over(T value, double divisor) {
  return T(static_cast<Constant<T>>(value) / static_cast<Constant<T>>(divisor));
}

template <class T>
struct Turn {
  T cosine, sine;
};

// Both are computed in float64 and rounded once, whatever the mathematical library has for T.
template <class T>
OPSBRIDGE_FN Turn<T> turn_of(T degrees) {
  const double radians = static_cast<double>(over(times(degrees, kPi), 180));
  return {T(__builtin_cos(radians)), T(__builtin_sin(radians))};
}

template <class T>
OPSBRIDGE_FN RotatedRow<T> centre_to_corner(const RotatedRow<T>& box) {
  const T* v = box.value;
  const Turn<T> turn = turn_of(v[4]);
  const T half_width = over(v[2], 2), half_height = over(v[3], 2);
  const T x = (v[0] - half_width * turn.cosine) - half_height * turn.sine;
  const T y = (v[1] - half_height * turn.cosine) + half_width * turn.sine;
  return {{x, y, v[2], v[3], v[4], T(0), T(0), T(0)}};
}

template <class T>
OPSBRIDGE_FN RotatedRow<T> corner_to_centre(const RotatedRow<T>& box) {
  const T* v = box.value;
  const Turn<T> turn = turn_of(v[4]);
  const T half_width = over(v[2], 2), half_height = over(v[3], 2);
  const T x = (v[0] + half_width * turn.cosine) + half_height * turn.sine;
  const T y = (v[1] - half_width * turn.sine) + half_height * turn.cosine;
  return {{x, y, v[2], v[3], v[4], T(0), T(0), T(0)}};
}

template <class T>
OPSBRIDGE_FN RotatedRow<T> corner_to_four(const RotatedRow<T>& box) {
  const T* v = box.value;
  const Turn<T> turn = turn_of(v[4]);
  const T right_x = v[0] + v[2] * turn.cosine, right_y = v[1] - v[2] * turn.sine;
  const T down_x = v[3] * turn.sine, down_y = v[3] * turn.cosine;
  return {{v[0], v[1], right_x, right_y, right_x + down_x, right_y + down_y, v[0] + down_x,
           v[1] + down_y}};
}

template <class T>
OPSBRIDGE_FN T root(T value) {
  return T(__builtin_sqrt(static_cast<double>(value)));
}

// The fourth corner is not looked at. E is exact for integers, whose roots and angles are floats.
template <class T, class E>
OPSBRIDGE_FN RotatedRow<T> four_to_corner(const RotatedRow<E>& corners) {
  const E* v = corners.value;
  const E right = v[2] - v[0], up = v[1] - v[3], across = v[4] - v[2], down = v[5] - v[3];
  const T radians =
      T(__builtin_atan2(static_cast<double>(static_cast<T>(up)), static_cast<double>(T(right))));
  const T width = root(T(right * right + up * up));
  const T height = root(T(across * across + down * down));
  return {{T(v[0]), T(v[1]), width, height, over(times(radians, 180), kPi), T(0), T(0), T(0)}};
}

// The gradient of a box with a centre from that of the box with a corner (`away` is -1: the corner
// lies before the centre), or the other way round (1).
template <class T>
OPSBRIDGE_FN RotatedRow<T> pull_back_shift(const RotatedRow<T>& box, const RotatedRow<T>& gradient,
                                           T away) {
  const T *v = box.value, *g = gradient.value;
  const Turn<T> turn = turn_of(v[4]);
  const T half_width = v[2] / T(2), half_height = v[3] / T(2);
  const T along = g[0] * turn.cosine - g[1] * turn.sine;
  const T down = g[0] * turn.sine + g[1] * turn.cosine;
  const T angle = away * (half_height * along - half_width * down);
  return {{g[0], g[1], g[2] + away * along / T(2), g[3] + away * down / T(2),
           g[4] + angle * T(kPi / 180), T(0), T(0), T(0)}};
}

// The gradient of a box with a corner from that of its four corners.
template <class T>
OPSBRIDGE_FN RotatedRow<T> pull_back_four(const RotatedRow<T>& box, const RotatedRow<T>& gradient) {
  const T *v = box.value, *g = gradient.value;
  const Turn<T> turn = turn_of(v[4]);
  const T right_x = g[2] + g[4], right_y = g[3] + g[5];
  const T down_x = g[4] + g[6], down_y = g[5] + g[7];
  const T width = right_x * turn.cosine - right_y * turn.sine;
  const T height = down_x * turn.sine + down_y * turn.cosine;
  const T angle = v[3] * (down_x * turn.cosine - down_y * turn.sine) -
                  v[2] * (right_x * turn.sine + right_y * turn.cosine);
  return {{(g[0] + g[6]) + right_x, (g[1] + g[7]) + right_y, width, height, angle * T(kPi / 180),
           T(0), T(0), T(0)}};
}

// The gradient of four corners from that of a box with a corner; NaN where a side has no length.
template <class T>
OPSBRIDGE_FN RotatedRow<T> pull_back_sides(const RotatedRow<T>& corners,
                                           const RotatedRow<T>& gradient) {
  const T *v = corners.value, *g = gradient.value;
  const T right = v[2] - v[0], up = v[1] - v[3], across = v[4] - v[2], down = v[5] - v[3];
  const T squared = right * right + up * up;
  const T width = root(squared), height = root(across * across + down * down);
  const T angle = (g[4] * T(180 / kPi)) / squared;
  const T to_right = g[2] * (right / width) - angle * up;
  const T to_up = g[2] * (up / width) + angle * right;
  const T to_across = g[3] * (across / height), to_down = g[3] * (down / height);
  return {{g[0] - to_right, g[1] + to_up, to_right - to_across, (T(0) - to_up) - to_down, to_across,
           to_down, T(0), T(0)}};
}

}  // namespace opsbridge
