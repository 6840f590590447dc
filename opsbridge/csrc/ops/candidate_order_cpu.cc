// The order of few keys, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/candidate_order_levels.h"
#include "ops/vectors.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The place of a key is the number of keys that come before it: those below it, and those equal to
// it that stand before it. No branch depends on the keys, and each is read once for two vectors.
template <class Key, class Signed>
void order_keys(const Key* keys, uint32_t count, uint32_t* order) {
  constexpr uint32_t kStep = kLanes<Signed>, kPair = 2 * kStep;
  constexpr Key kSign = Key(1) << (8 * sizeof(Key) - 1);
  // Vectors compare signed numbers; the padding is above no key that counts.
  alignas(64) Signed lifted[kMostCounted + kPair];
  alignas(64) Signed places[kMostCounted + kPair];
  for (uint32_t i = 0; i < count; ++i) lifted[i] = Signed(keys[i] ^ kSign);
  for (uint32_t i = count; i < count + kPair; ++i) lifted[i] = Signed(~kSign);
  Vector<Signed> lane;
  for (uint32_t i = 0; i < kStep; ++i) lane[i] = Signed(i);
  for (uint32_t first = 0; first < count; first += kPair) {
    const Vector<Signed> low = load_lanes(lifted + first),
                         high = load_lanes(lifted + first + kStep);
    Vector<Signed> low_place{}, high_place{};
    for (uint32_t i = 0; i < first; ++i) {
      low_place -= lifted[i] <= low;
      high_place -= lifted[i] <= high;
    }
    const uint32_t last = first + kPair < count ? first + kPair : count;
    for (uint32_t i = first; i < last; ++i) {
      const Signed at = Signed(i - first);
      low_place -= (lifted[i] < low) | ((lifted[i] == low) & (lane > at));
      high_place -= (lifted[i] < high) | ((lifted[i] == high) & (lane + Signed(kStep) > at));
    }
    for (uint32_t i = last; i < count; ++i) {
      low_place -= lifted[i] < low;
      high_place -= lifted[i] < high;
    }
    store_lanes(places + first, low_place);
    store_lanes(places + first + kStep, high_place);
  }
  for (uint32_t i = 0; i < count; ++i) order[places[i]] = i;
}

}  // namespace

void order_by_counting(const uint32_t* keys, uint32_t count, uint32_t* order) {
  order_keys<uint32_t, int32_t>(keys, count, order);
}
void order_by_counting(const uint64_t* keys, uint32_t count, uint32_t* order) {
  order_keys<uint64_t, int64_t>(keys, count, order);
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
