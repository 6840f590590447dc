// The few operations whose exact form decides bits. Plain C++17, host and device.
#pragma once

#include "opsbridge/half.h"
#include "opsbridge/types.h"

namespace opsbridge {

// The operand order of std::min and std::max decides what a NaN does; both frameworks use theirs.
template <class A>
OPSBRIDGE_FN A smaller(A a, A b) {
  return b < a ? b : a;
}

template <class A>
OPSBRIDGE_FN A larger(A a, A b) {
  return a < b ? b : a;
}

// As above, but a NaN on either side spreads, as PyTorch's tensor operations have it.
template <class A>
OPSBRIDGE_FN A smaller_or_nan(A a, A b) {
  return a != a || b != b ? a + b : smaller(a, b);
}

template <class A>
OPSBRIDGE_FN A larger_or_nan(A a, A b) {
  return a != a || b != b ? a + b : larger(a, b);
}

OPSBRIDGE_FN float fused_multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
OPSBRIDGE_FN double fused_multiply_add(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}

template <class F>
OPSBRIDGE_FN SmallFloat<F> fused_multiply_add(SmallFloat<F> a, SmallFloat<F> b, SmallFloat<F> c) {
  return SmallFloat<F>(fused_multiply_add(float(a), float(b), float(c)));
}

// Whole-number roundings are exact in every type, so the widest one serves all.
template <class T>
OPSBRIDGE_FN T round_up(T value) {
  return static_cast<T>(__builtin_ceil(static_cast<double>(value)));
}
template <class T>
OPSBRIDGE_FN T round_down(T value) {
  return static_cast<T>(__builtin_floor(static_cast<double>(value)));
}
template <class T>
OPSBRIDGE_FN T round_to_even(T value) {
  return static_cast<T>(__builtin_rint(static_cast<double>(value)));
}
template <class T>
OPSBRIDGE_FN T round_to_zero(T value) {
  return static_cast<T>(__builtin_trunc(static_cast<double>(value)));
}
template <class T>
OPSBRIDGE_FN T magnitude(T value) {
  return value < T(0) ? T(0) - value : value;
}

// A choice without a branch, which vectors of numbers have lane by lane.
template <class T>
OPSBRIDGE_FN T pick(bool is_first, T first, T second) {
  return is_first ? first : second;
}

template <class T>
OPSBRIDGE_FN bool is_nan(T value) {
  return value != value;
}

}  // namespace opsbridge
