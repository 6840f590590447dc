// The C library's exponential of many floats at a time: close by in double precision, and the
// library's own where that leaves a doubt. Once per level (OPSBRIDGE_LEVEL), host only.
#pragma once

#include "ops/lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// Without fused operations, and with short vectors, it would take longer than the library.
template <class T>
constexpr bool kHasNearExponential = kFuses && sizeof(LaneOf<T>) == 4;

// Off by less than 2^-36 of the result, for numbers whose exponential is a normal float: a power of
// two that is put into the exponent, times the first ten terms of the series. (The rest of the
// series is below 2^-36, as what it is taken of is at most half the logarithm of two.)
template <class Wide>
OPSBRIDGE_FN Wide near_exponential(Wide x) {
  constexpr double kLog2E = 0x1.71547652b82fep0;
  constexpr double kLn2High = 0x1.62e42feep-1, kLn2Low = 0x1.a39ef35793c76p-33;
  constexpr double kWhole = 0x1.8p52;  // a sum with it has no places behind the point
  const Wide shifted = fused(x, all_lanes(kLog2E), all_lanes(kWhole));
  const Wide power = all_lanes(kWhole) - shifted;
  const Wide r = fused(power, all_lanes(kLn2Low), fused(power, all_lanes(kLn2High), x));
  const auto terms = [&](double first, double second) __attribute__((always_inline)) {
    return fused(r, all_lanes(second), all_lanes(first));
  };
  const Wide r2 = r * r, r4 = r2 * r2;
  const Wide low = fused(r2, terms(1.0 / 2, 1.0 / 6), terms(1, 1));
  const Wide middle = fused(r2, terms(1.0 / 720, 1.0 / 5040), terms(1.0 / 24, 1.0 / 120));
  const Wide series = fused(r4, fused(r4, terms(1.0 / 40320, 1.0 / 362880), middle), low);
  using Bits = Vector<int64_t>;
  return reinterpret_cast<Wide>(reinterpret_cast<Bits>(series) +
                                (reinterpret_cast<Bits>(shifted) << 52));
}

template <class T>
struct SureExponentials {
  Lanes<T> value;
  decltype(Lanes<T>() == Lanes<T>()) is_sure;
};

// Where everything within a 256th of a last place rounds to the same float, the library's rounds to
// it, too: those of glibc and musl are off by 0.502 of a last place at most, so they give the
// nearest float unless the value lies within 0.002 of the middle between two.
template <class T>
OPSBRIDGE_FN SureExponentials<T> sure_exponentials(Lanes<T> x) {
  HalfVector<float> half[2], low[2], high[2];
  std::memcpy(half, &x.value, sizeof x.value);
  for (int i = 0; i < 2; ++i) {
    const auto near = near_exponential(__builtin_convertvector(half[i], Vector<double>));
    const auto slack = near * 0x1p-31;
    low[i] = __builtin_convertvector(near - slack, HalfVector<float>);
    high[i] = __builtin_convertvector(near + slack, HalfVector<float>);
  }
  const Vector<float> least = joined(low[0], low[1]), most = joined(high[0], high[1]);
  const Vector<float> limit = all_lanes(86.0f);  // a little further floats are no longer normal
  return {rounded<T>(least), (least == most) & (x.value <= limit) & (x.value >= -limit)};
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
