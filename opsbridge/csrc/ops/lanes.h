// A vector that counts as one number: the arithmetic of the operators' headers, lane by lane.
// A 16-bit float is held widened and rounds after every operation, as its scalar type does. For
// files that are compiled once per level only (OPSBRIDGE_LEVEL); host only.
#pragma once

#include "ops/narrow_lanes.h"
#include "opsbridge/numeric.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

template <class T>
struct Lanes {
  using Held = LaneOf<T>;
  static constexpr int kCount = kLanes<Held>;

  Vector<Held> value;

  Lanes() = default;
  OPSBRIDGE_MEMBER explicit Lanes(Vector<Held> lanes) : value(lanes) {}
  OPSBRIDGE_MEMBER explicit Lanes(int number) : Lanes(double(number)) {}
  OPSBRIDGE_MEMBER explicit Lanes(float number) : value(all_lanes(Held(T(number)))) {}
  OPSBRIDGE_MEMBER explicit Lanes(double number) : value(all_lanes(Held(T(number)))) {}
  // A 16-bit float widens to what it is held in.
  template <class U>
  OPSBRIDGE_MEMBER explicit Lanes(Lanes<U> narrow) : value(narrow.value) {
    static_assert(sizeof(U) < sizeof(T), "only widening is exact");
  }
};

template <class T>
OPSBRIDGE_FN Lanes<T> rounded(Vector<LaneOf<T>> lanes) {
  return Lanes<T>(rounded_lanes<T>(lanes));
}
template <class T>
OPSBRIDGE_FN Lanes<T> operator+(Lanes<T> a, Lanes<T> b) {
  return rounded<T>(a.value + b.value);
}
template <class T>
OPSBRIDGE_FN Lanes<T> operator-(Lanes<T> a, Lanes<T> b) {
  return rounded<T>(a.value - b.value);
}
template <class T>
OPSBRIDGE_FN Lanes<T> operator*(Lanes<T> a, Lanes<T> b) {
  return rounded<T>(a.value * b.value);
}
template <class T>
OPSBRIDGE_FN Lanes<T> operator/(Lanes<T> a, Lanes<T> b) {
  return rounded<T>(a.value / b.value);
}

using opsbridge::larger;
using opsbridge::larger_or_nan;
using opsbridge::smaller;
using opsbridge::smaller_or_nan;

// Each is one instruction, whose order of operands is that of std::min and std::max.
template <class T>
OPSBRIDGE_FN Lanes<T> smaller(Lanes<T> a, Lanes<T> b) {
  return Lanes<T>(smaller(a.value, b.value));
}
template <class T>
OPSBRIDGE_FN Lanes<T> larger(Lanes<T> a, Lanes<T> b) {
  return Lanes<T>(larger(a.value, b.value));
}
template <class T>
OPSBRIDGE_FN Lanes<T> smaller_or_nan(Lanes<T> a, Lanes<T> b) {
  return Lanes<T>(smaller_or_nan(a.value, b.value));
}
template <class T>
OPSBRIDGE_FN Lanes<T> larger_or_nan(Lanes<T> a, Lanes<T> b) {
  return Lanes<T>(larger_or_nan(a.value, b.value));
}

// A comparison has all bits of a true lane set.
template <class T>
OPSBRIDGE_FN auto operator<(Lanes<T> a, Lanes<T> b) {
  return a.value < b.value;
}
template <class T>
OPSBRIDGE_FN auto operator>(Lanes<T> a, Lanes<T> b) {
  return a.value > b.value;
}
template <class T>
OPSBRIDGE_FN auto operator>=(Lanes<T> a, Lanes<T> b) {
  return a.value >= b.value;
}
template <class T>
OPSBRIDGE_FN auto operator==(Lanes<T> a, Lanes<T> b) {
  return a.value == b.value;
}
template <class T, class Comparison>
OPSBRIDGE_FN Lanes<T> pick(Comparison is_first, Lanes<T> first, Lanes<T> second) {
  return Lanes<T>(is_first ? first.value : second.value);
}

template <class T>
OPSBRIDGE_FN auto lane_numbers() {
  decltype(Lanes<T>().value < Lanes<T>().value) numbers;
  for (int lane = 0; lane < Lanes<T>::kCount; ++lane) numbers[lane] = lane;
  return numbers;
}

// In every lane the largest number, where none is NaN: each is compared with that half a vector
// away, then with that a quarter away, and so on.
template <class T>
OPSBRIDGE_FN Lanes<T> largest_lane(Lanes<T> lanes) {
  for (int step = Lanes<T>::kCount / 2; step > 0; step /= 2) {
    lanes.value = larger(lanes.value, __builtin_shuffle(lanes.value, lane_numbers<T>() ^ step));
  }
  return lanes;
}

// Numbers as a tensor holds them. A 16-bit float is rounded already, so narrowing is exact.
template <class T>
OPSBRIDGE_FN void store_numbers(T* to, Lanes<T> lanes) {
  store_from_lanes(to, lanes.value);
}

// How many numbers come before the next multiple of the vector's size.
template <class T>
OPSBRIDGE_FN int64_t lanes_to_boundary(const T* at) {
  return (-reinterpret_cast<uintptr_t>(at) & (kVectorBytes - 1)) / sizeof(T);
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
