#include "ops/radix_order.h"

#include <algorithm>

#include "ops/candidate_order_levels.h"

namespace opsbridge {
namespace {

// Up to here comparing every key with every other one, in vectors, is faster than counting digits.
constexpr uint32_t kCountingLimit = 256;
constexpr int kMostDigitBits = 11;
constexpr int kMostPasses = 3;

struct Digits {
  int passes;
  int bits;   // of one digit
  int shift;  // lower bits of the key that no digit holds
};

// Two passes over the upper bits of the range that the keys span leave few neighbours in the
// wrong order, and those are put right afterwards; that is cheaper than a pass for every digit.
Digits digits_for(int key_bits, uint32_t count) {
  const int bits = count <= 4096 ? 8 : kMostDigitBits;
  const int most = count <= (1u << 20) ? 2 : kMostPasses;
  const int passes = std::min(most, std::max(1, (key_bits + bits - 1) / bits));
  return {passes, bits, std::max(0, key_bits - passes * bits)};
}

int bit_width(uint64_t value) { return value == 0 ? 0 : 64 - __builtin_clzll(value); }

// One stable pass of counting sort by a digit; `places` holds how often each digit occurs.
void scatter_by_digit(const uint64_t* from, uint64_t* to, uint32_t count, int shift, uint32_t mask,
                      uint32_t* places) {
  uint32_t place = 0;
  for (uint32_t digit = 0; digit <= mask; ++digit) {
    const uint32_t size = places[digit];
    places[digit] = place;
    place += size;
  }
  for (uint32_t i = 0; i < count; ++i) to[places[(from[i] >> shift) & mask]++] = from[i];
}

// Puts right what the digits left equal. Few and short runs are expected; a long one is sorted in
// N log N, so that no input is slow.
template <class Before>
void order_run(uint64_t* first, uint64_t* last, Before before) {
  if (last - first > 16) {
    if (!std::is_sorted(first, last, before)) std::sort(first, last, before);
    return;
  }
  for (uint64_t* i = first + 1; i < last; ++i) {
    const uint64_t entry = *i;
    uint64_t* at = i;
    for (; at > first && before(entry, at[-1]); --at) *at = at[-1];
    *at = entry;
  }
}

template <class Before>
void order_runs(uint64_t* entries, uint32_t count, int shift, Before before) {
  for (uint32_t i = 1; i < count; ++i) {
    if (entries[i] >> shift != entries[i - 1] >> shift) continue;
    const uint32_t first = i - 1;
    while (i < count && entries[i] >> shift == entries[first] >> shift) ++i;
    order_run(entries + first, entries + i, before);
  }
}

// Sorts entries of a key (less the lowest one, its upper 32 bits at most) above its index.
template <class Key>
bool order_by_digits(const Key* keys, uint32_t count, uint32_t* order) {
  Key low = keys[0], high = keys[0];
  for (uint32_t i = 1; i < count; ++i) {
    low = std::min(low, keys[i]);
    high = std::max(high, keys[i]);
  }
  const int width = bit_width(high - low);
  const int lost = std::max(0, width - 32);
  const Digits digits = digits_for(width - lost, count);
  const uint32_t mask = (1u << digits.bits) - 1;
  Scratch scratch;
  uint64_t* entries = scratch.take<uint64_t>(count);
  uint64_t* other = scratch.take<uint64_t>(count);
  uint32_t* places = scratch.take<uint32_t>(size_t(digits.passes) << digits.bits);
  std::fill_n(places, size_t(digits.passes) << digits.bits, 0u);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t key = uint64_t(keys[i] - low) >> lost;
    entries[i] = key << 32 | i;
    for (int pass = 0; pass < digits.passes; ++pass) {
      const int shift = digits.shift + pass * digits.bits;
      ++places[(size_t(pass) << digits.bits) + ((key >> shift) & mask)];
    }
  }
  for (int pass = 0; pass < digits.passes; ++pass) {
    const int shift = 32 + digits.shift + pass * digits.bits;
    scatter_by_digit(entries, other, count, shift, mask, places + (size_t(pass) << digits.bits));
    std::swap(entries, other);
  }
  const auto before = [=](uint64_t a, uint64_t b) {
    if (lost == 0) return a < b;
    const Key first = keys[uint32_t(a)], second = keys[uint32_t(b)];
    return first < second || (first == second && uint32_t(a) < uint32_t(b));
  };
  if (digits.shift + lost > 0) order_runs(entries, count, 32 + digits.shift, before);
  bool has_equal = false;
  for (uint32_t i = 0; i < count; ++i) {
    order[i] = uint32_t(entries[i]);
    if (i > 0 && entries[i] >> 32 == entries[i - 1] >> 32) {
      has_equal |= keys[order[i]] == keys[order[i - 1]];
    }
  }
  return has_equal;
}

template <class Key>
bool order_of(const Key* keys, uint32_t count, uint32_t* order) {
  if (count == 0) return false;
  if (count > kCountingLimit) return order_by_digits(keys, count, order);
  OPSBRIDGE_AT_LEVEL(order_by_counting(keys, count, order));
  bool has_equal = false;
  for (uint32_t i = 1; i < count; ++i) has_equal |= keys[order[i]] == keys[order[i - 1]];
  return has_equal;
}

}  // namespace

bool radix_order(const uint32_t* keys, uint32_t count, uint32_t* order) {
  return order_of(keys, count, order);
}
bool radix_order(const uint64_t* keys, uint32_t count, uint32_t* order) {
  return order_of(keys, count, order);
}

}  // namespace opsbridge
