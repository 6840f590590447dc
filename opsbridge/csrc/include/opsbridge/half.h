// 16-bit floats that round after every operation, as the frameworks' own scalar types do. Each
// operation is exact in float before the rounding, so the result is the correctly rounded one.
#pragma once

#include <cstdint>
#include <cstring>

#include "opsbridge/types.h"

namespace opsbridge {

OPSBRIDGE_FN uint32_t float_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

OPSBRIDGE_FN float float_of_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

struct HalfFormat {
  OPSBRIDGE_MEMBER static float widen(uint16_t bits) {
    _Float16 value;
    std::memcpy(&value, &bits, sizeof value);
    return static_cast<float>(value);
  }
  OPSBRIDGE_MEMBER static uint16_t narrow(float value) {
    const _Float16 rounded = static_cast<_Float16>(value);
    uint16_t bits;
    std::memcpy(&bits, &rounded, sizeof bits);
    return bits;
  }
};

struct BrainFormat {
  OPSBRIDGE_MEMBER static float widen(uint16_t bits) { return float_of_bits(uint32_t(bits) << 16); }
  OPSBRIDGE_MEMBER static uint16_t narrow(float value) {
    const uint32_t bits = float_bits(value);
    if (value != value) return 0x7fc0;
    // Round half to even: add half a unit, and one more where the kept part is odd.
    return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
};

template <class Format>
struct SmallFloat {
  uint16_t bits;

  SmallFloat() = default;
  template <class Number>
  OPSBRIDGE_MEMBER explicit SmallFloat(Number value)
      : bits(Format::narrow(static_cast<float>(value))) {}
  OPSBRIDGE_MEMBER operator float() const { return Format::widen(bits); }
};

using Half = SmallFloat<HalfFormat>;
using BrainFloat = SmallFloat<BrainFormat>;

template <class F>
OPSBRIDGE_FN SmallFloat<F> operator+(SmallFloat<F> a, SmallFloat<F> b) {
  return SmallFloat<F>(float(a) + float(b));
}
template <class F>
OPSBRIDGE_FN SmallFloat<F> operator-(SmallFloat<F> a, SmallFloat<F> b) {
  return SmallFloat<F>(float(a) - float(b));
}
template <class F>
OPSBRIDGE_FN SmallFloat<F> operator*(SmallFloat<F> a, SmallFloat<F> b) {
  return SmallFloat<F>(float(a) * float(b));
}
template <class F>
OPSBRIDGE_FN SmallFloat<F> operator/(SmallFloat<F> a, SmallFloat<F> b) {
  return SmallFloat<F>(float(a) / float(b));
}

}  // namespace opsbridge
