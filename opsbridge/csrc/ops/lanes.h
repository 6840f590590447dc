// A vector that counts as one number: the arithmetic of the operators' headers, lane by lane.
// A 16-bit float is held widened and rounds after every operation, as its scalar type does. For
// files that are compiled once per level only (OPSBRIDGE_LEVEL); host only.
#pragma once

#include "ops/vectors.h"
#include "opsbridge/half.h"
#include "opsbridge/numeric.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

#if defined(__F16C__)
// The masked forms of AVX-512, with every lane on: those without a mask draw warnings from GCC.
#if defined(__AVX512F__)
constexpr __mmask16 kEveryLane = 0xffff;
OPSBRIDGE_FN __m256i narrowed(Vector<float> lanes) {
  return _mm512_maskz_cvtps_ph(kEveryLane, lanes, _MM_FROUND_TO_NEAREST_INT);
}
OPSBRIDGE_FN Vector<float> widened(__m256i lanes) {
  return _mm512_maskz_cvtph_ps(kEveryLane, lanes);
}
#else
OPSBRIDGE_FN __m128i narrowed(Vector<float> lanes) {
  return _mm256_cvtps_ph(lanes, _MM_FROUND_TO_NEAREST_INT);
}
OPSBRIDGE_FN Vector<float> widened(__m128i lanes) { return _mm256_cvtph_ps(lanes); }
#endif
#endif

template <class T>
struct LaneNumber {
  using Held = T;
  OPSBRIDGE_MEMBER static Vector<T> rounded(Vector<T> lanes) { return lanes; }
};

template <>
struct LaneNumber<Half> {
  using Held = float;
  OPSBRIDGE_MEMBER static Vector<float> rounded(Vector<float> lanes) {
#if defined(__F16C__)
    return widened(narrowed(lanes));
#else
    for (int lane = 0; lane < kLanes<float>; ++lane) lanes[lane] = float(Half(lanes[lane]));
    return lanes;
#endif
  }
};

template <>
struct LaneNumber<BrainFloat> {
  using Held = float;
  // BrainFormat::narrow and widen, with the same bits for a NaN.
  OPSBRIDGE_MEMBER static Vector<float> rounded(Vector<float> lanes) {
    const Vector<uint32_t> bits = reinterpret_cast<Vector<uint32_t>>(lanes);
    const Vector<uint32_t> even = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
    const Vector<uint32_t> nan = all_lanes<uint32_t>(0x7fc00000u);
    return reinterpret_cast<Vector<float>>(lanes != lanes ? nan : even);
  }
};

template <class T>
struct Lanes {
  using Held = typename LaneNumber<T>::Held;
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
OPSBRIDGE_FN Lanes<T> rounded(Vector<typename LaneNumber<T>::Held> lanes) {
  return Lanes<T>(LaneNumber<T>::rounded(lanes));
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

// The largest number, where none is NaN: lanes are compared with those half a vector away, and so
// on.
template <class T>
OPSBRIDGE_FN typename Lanes<T>::Held largest_lane(Lanes<T> lanes) {
  using Index = decltype(lanes.value < lanes.value);
  Index index;
  for (int lane = 0; lane < Lanes<T>::kCount; ++lane) index[lane] = lane;
  for (int step = Lanes<T>::kCount / 2; step > 0; step /= 2) {
    lanes.value = larger(lanes.value, __builtin_shuffle(lanes.value, index ^ step));
  }
  return lanes.value[0];
}

// Numbers as a tensor holds them. A 16-bit float is rounded already, so narrowing is exact.
template <class T>
OPSBRIDGE_FN void store_numbers(T* to, Lanes<T> lanes) {
  store_lanes(to, lanes.value);
}
OPSBRIDGE_FN void store_numbers(Half* to, Lanes<Half> lanes) {
#if defined(__F16C__)
  const auto narrow = narrowed(lanes.value);
  std::memcpy(to, &narrow, sizeof narrow);
#else
  for (int lane = 0; lane < kLanes<float>; ++lane) to[lane] = Half(lanes.value[lane]);
#endif
}
OPSBRIDGE_FN void store_numbers(BrainFloat* to, Lanes<BrainFloat> lanes) {
  const Vector<uint32_t> high = reinterpret_cast<Vector<uint32_t>>(lanes.value) >> 16;
  for (int lane = 0; lane < kLanes<float>; ++lane) to[lane].bits = uint16_t(high[lane]);
}

// Stores past the caches, to a multiple of the vector's size: a large result is not read back soon,
// and what it would push out of the caches is. end_streaming() comes before another thread reads.
template <class T>
OPSBRIDGE_FN void stream_numbers(T* to, Lanes<T> lanes) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), reinterpret_cast<__m512i>(lanes.value));
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(lanes.value));
#elif defined(__SSE2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), reinterpret_cast<__m128i>(lanes.value));
#else
  store_numbers(to, lanes);
#endif
}

OPSBRIDGE_FN void end_streaming() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

// How many numbers come before the next multiple of the vector's size.
template <class T>
OPSBRIDGE_FN int64_t lanes_to_boundary(const T* at) {
  return (-reinterpret_cast<uintptr_t>(at) & (kVectorBytes - 1)) / sizeof(T);
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
