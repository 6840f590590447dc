// 16-bit floats that round after every operation, as the frameworks' own scalar types do. Each
// operation is exact in float before the rounding, so the result is the correctly rounded one.
#pragma once

#include <cstdint>
#include <cstring>

#include "opsbridge/types.h"

#ifdef __CUDACC__
#include <cuda_fp16.h>
#endif

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
#if defined(__CUDACC__)  // which has no _Float16
    return __half2float(__ushort_as_half(bits));
#elif defined(__x86_64__) && !defined(__F16C__)
    // Without an instruction for it the compiler would call a function. The bias of the exponent
    // differs by 112; numbers below the normal ones get a leading one, which is taken off again.
    const uint32_t sign = uint32_t(bits & 0x8000) << 16;
    const uint32_t magnitude = uint32_t(bits & 0x7fff) << 13;
    if (magnitude >= 0x0f800000) return float_of_bits(sign | 0x7f800000 | magnitude);
    if (magnitude >= 0x00800000) return float_of_bits(sign | (magnitude + (112u << 23)));
    const float small = float_of_bits((113u << 23) + magnitude) - float_of_bits(113u << 23);
    return float_of_bits(sign | float_bits(small));
#else
    _Float16 value;
    std::memcpy(&value, &bits, sizeof value);
    return static_cast<float>(value);
#endif
  }
  OPSBRIDGE_MEMBER static uint16_t narrow(float value) {
#ifdef __CUDACC__
    return __half_as_ushort(__float2half_rn(value));
#else
    const _Float16 rounded = static_cast<_Float16>(value);
    uint16_t bits;
    std::memcpy(&bits, &rounded, sizeof bits);
    return bits;
#endif
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
