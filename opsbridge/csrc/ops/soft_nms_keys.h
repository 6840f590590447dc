// Scores of boxes that compete, and keys in their order. Host and device.
#pragma once

#include "ops/radix_order.h"

namespace opsbridge {

// What is selected or dropped has this for a score. It is a NaN that no score is: theirs are made
// the usual one.
OPSBRIDGE_FN float gone(float) { return float_of_bits(~0u); }
OPSBRIDGE_FN double gone(double) {
  const uint64_t bits = ~uint64_t(0);
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
OPSBRIDGE_FN bool is_gone(float score) { return float_bits(score) == ~0u; }
OPSBRIDGE_FN bool is_gone(double score) {
  uint64_t bits;
  std::memcpy(&bits, &score, sizeof bits);
  return bits == ~uint64_t(0);
}
template <class Number>
OPSBRIDGE_FN Number live_score(Number score) {
  return is_nan(score) ? Number(float_of_bits(0x7fc00000)) : score;
}

// Keys of scores: none for what is gone, and for NaN one below those of all numbers.
constexpr int kGoneKey = 0, kNanKey = 1;
template <class Number>
OPSBRIDGE_FN typename ScoreKey<Number>::type live_key(Number score) {
  if (is_gone(score)) return kGoneKey;
  return is_nan(score) ? kNanKey : ascending_key(score);
}
OPSBRIDGE_FN float number_of_key(uint32_t key) {
  return float_of_bits((key >> 31) != 0 ? key ^ 0x80000000u : ~key);
}
OPSBRIDGE_FN double number_of_key(uint64_t key) {
  const uint64_t bits = (key >> 63) != 0 ? key ^ 0x8000000000000000u : ~key;
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace opsbridge
