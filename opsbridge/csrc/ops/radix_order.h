// The stable order of numbers, by radix. Host only.
#pragma once

#include <cstdint>

#include "ops/nms_scratch.h"
#include "opsbridge/half.h"
#include "opsbridge/numeric.h"

namespace opsbridge {

// Writes the indices of the keys to `order`, lowest key first, equal keys by index. True when some
// keys are equal.
bool radix_order(const uint32_t* keys, uint32_t count, uint32_t* order);
bool radix_order(const uint64_t* keys, uint32_t count, uint32_t* order);

// Unsigned keys in the order of the numbers; zeros of both signs are equal. Not for NaN.
OPSBRIDGE_FN uint32_t ascending_key(float value) {
  const uint32_t bits = float_bits(value + 0.0f);
  return bits ^ (uint32_t(-int32_t(bits >> 31)) | 0x80000000u);
}
OPSBRIDGE_FN uint64_t ascending_key(double value) {
  value = value + 0.0;
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits ^ (uint64_t(-int64_t(bits >> 63)) | 0x8000000000000000u);
}
OPSBRIDGE_FN uint64_t ascending_key(int64_t value) { return uint64_t(value) ^ 0x8000000000000000u; }

template <class T>
struct ScoreKey {
  using type = uint32_t;
};
template <>
struct ScoreKey<double> {
  using type = uint64_t;
};

// The highest score has the lowest key, but for NaN, whose key is 0.
template <class T>
OPSBRIDGE_FN typename ScoreKey<T>::type descending_key(T score) {
  using Key = typename ScoreKey<T>::type;
  using Wide = std::conditional_t<sizeof(T) == 8, double, float>;
  const Wide value = static_cast<Wide>(score);
  return is_nan(value) ? Key(0) : Key(~ascending_key(value));
}

}  // namespace opsbridge
