// A gradient times a weight, divided by the number of samples: the share of one pixel, in several
// ways that give the same bits. A division takes as long as ten multiplications. kIsUsual: it is
// what bins of four samples take, unless their numbers are out of the ordinary. Once per level,
// host only.
#pragma once

#include <type_traits>

#include "ops/pixel_lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

template <class T>
OPSBRIDGE_FN PixelLanes<T> fused(const PixelLanes<T>& a, T b, PixelLanes<T> c) {
  if constexpr (kFuses) {
    for (int i = 0; i < a.kParts; ++i) c.part[i] = fused(a.part[i], all_lanes(b), c.part[i]);
  }
  return c;
}
template <class F>
OPSBRIDGE_FN PixelLanes<SmallFloat<F>> fused(const PixelLanes<SmallFloat<F>>& a, float b,
                                             const PixelLanes<float>& c) {
  return rounded<F>(fused(a.wide, b, c));
}

// What is not rounded yet.
template <class T>
OPSBRIDGE_FN PixelLanes<T> exact_of(const PixelLanes<T>& lanes) {
  return lanes;
}
template <class F>
OPSBRIDGE_FN PixelLanes<float> exact_of(const PixelLanes<SmallFloat<F>>& lanes) {
  return lanes.wide;
}

// As it is written.
template <class T>
struct DividedShare {
  static constexpr bool kIsUsual = false;
  LaneOf<T> count;
  OPSBRIDGE_MEMBER PixelLanes<T> operator()(const PixelLanes<T>& gradient, LaneOf<T> weight) const {
    return gradient * weight / count;
  }
};

// The same for a power of two, in any of whose multiples no bits change.
template <class T>
struct MultipliedShare {
  static constexpr bool kIsUsual = !std::is_same_v<T, LaneOf<T>>;
  LaneOf<T> reciprocal;
  OPSBRIDGE_MEMBER PixelLanes<T> operator()(const PixelLanes<T>& gradient, LaneOf<T> weight) const {
    return gradient * weight * reciprocal;
  }
};

// A power of two divides exactly, so it may as well divide the weights beforehand, unless one of
// the numbers becomes so small that it loses bits.
template <class T>
struct ScaledShare {
  static constexpr bool kIsUsual = true;
  OPSBRIDGE_MEMBER PixelLanes<T> operator()(const PixelLanes<T>& gradient, LaneOf<T> weight) const {
    return gradient * weight;
  }
};

// Multiplies by the reciprocal as the sum of two numbers. With n the number of samples, no power of
// two, and a the product, a/n is at least 1/2n of a last place away from the middle between two
// neighbouring numbers: 2a - n(2k + 1), in last places, is a whole number, and not zero since an
// odd number of n's odd part and 25 bits has no place in 24. What is rounded at the end is off by
// less than 2^-22 of a last place, so it rounds as a/n does.
template <class T>
struct FusedShare {
  static constexpr bool kIsUsual = false;
  LaneOf<T> reciprocal, rest;
  OPSBRIDGE_MEMBER PixelLanes<T> operator()(const PixelLanes<T>& gradient, LaneOf<T> weight) const {
    const PixelLanes<T> product = gradient * weight;
    return fused(product, reciprocal, exact_of(product) * rest);
  }
};

template <class T>
OPSBRIDGE_FN FusedShare<T> fused_share(LaneOf<T> count) {
  const LaneOf<T> reciprocal = LaneOf<T>(1) / count;
  if constexpr (sizeof(LaneOf<T>) == 8) {
    return FusedShare<T>{reciprocal, __builtin_fma(-reciprocal, count, 1.0) / count};
  } else {
    return FusedShare<T>{reciprocal, float(1.0 / double(count) - double(reciprocal))};
  }
}

// The largest number of samples, and what gradients and weights have to be, for the shares above:
// zero, or so large that all that is computed keeps its bits, with room to spare.
constexpr int64_t kMostExactSamples = 4096;
constexpr double kLeastGradient = 0x1p-40, kMostGradient = 0x1p100, kLeastWeight = 0x1p-20;

template <class N>
OPSBRIDGE_FN bool are_ordinary(const N* numbers, int64_t count) {
  // Numbers that are not negative are in the order of their bits; zero is made the last of all.
  using Bits = Vector<std::make_unsigned_t<typename LaneIndex<N>::Type>>;
  const Bits size_bits = ~reinterpret_cast<Bits>(all_lanes(N(-0.0)));
  Bits least = ~Bits{}, most{};
  for (int64_t i = 0; i < count; i += kLanes<N>) {
    const Bits size = reinterpret_cast<Bits>(load_lanes(numbers + i)) & size_bits;
    const Bits before = size - 1;
    most = size > most ? size : most;
    least = before < least ? before : least;
  }
  return lane_bits((least < reinterpret_cast<Bits>(all_lanes(N(kLeastGradient))) - 1) |
                   (most > reinterpret_cast<Bits>(all_lanes(N(kMostGradient))))) == 0;
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
