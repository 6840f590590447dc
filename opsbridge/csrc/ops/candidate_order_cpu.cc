// The order of few keys, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/candidate_order_levels.h"
#include "ops/vectors.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The place of a key is the number of keys that come before it: those below it, and those equal to
// it that stand before it. No branch depends on the keys.
template <class Key, class Signed>
void order_keys(const Key* keys, uint32_t count, uint32_t* order) {
  constexpr uint32_t kStep = kLanes<Signed>;
  constexpr Key kSign = Key(1) << (8 * sizeof(Key) - 1);
  // Vectors compare signed numbers; the padding is above no key that counts.
  alignas(64) Signed lifted[kMostCounted + 64 / sizeof(Key)];
  alignas(64) Signed places[kMostCounted + 64 / sizeof(Key)];
  for (uint32_t i = 0; i < count; ++i) lifted[i] = Signed(keys[i] ^ kSign);
  for (uint32_t i = count; i < count + kStep; ++i) lifted[i] = Signed(~kSign);
  for (uint32_t first = 0; first < count; first += kStep) {
    const Vector<Signed> own = load_lanes(lifted + first);
    Vector<Signed> place{};
    for (uint32_t i = 0; i < first; ++i) place -= lifted[i] <= own;
    const uint32_t last = first + kStep < count ? first + kStep : count;
    for (uint32_t i = first; i < last; ++i) {
      Vector<Signed> is_later{};
      for (uint32_t lane = i - first + 1; lane < kStep; ++lane) is_later[lane] = -1;
      place -= (lifted[i] < own) | ((lifted[i] == own) & is_later);
    }
    for (uint32_t i = last; i < count; ++i) place -= lifted[i] < own;
    store_lanes(places + first, place);
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
