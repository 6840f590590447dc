// Candidates of suppression at every instruction-set level: their keys, the best part of them, and
// their boxes.
#pragma once

#include "ops/nms_sweep_levels.h"
#include "ops/radix_order.h"

namespace opsbridge {

// Candidates in input order; the lowest key is the best one's.
template <class Key>
struct Unordered {
  uint32_t* rows;
  Key* keys;
  uint32_t count;
};

// Room that a vector may be written into beyond the last candidate.
constexpr uint32_t kSpare = 16;

// descending_keys writes descending_key (ops/radix_order.h) of each score, which lie side by side.
//
// take_best moves the candidates whose keys do not exceed `last` to `best`, which has room for all
// and kSpare more; those that stay keep their order.
//
// gather_corners reads boxes that are given as corners side by side, `stride` numbers from one row
// to the next. Areas are those of make_box (opsbridge/box.h).
#define OPSBRIDGE_DECLARE_SCORES(T) \
  void descending_keys(const T* scores, uint32_t count, ScoreKey<T>::type* keys);
#define OPSBRIDGE_DECLARE_KEYS(Key) \
  void take_best(Unordered<Key>& candidates, Key last, Unordered<Key>& best);
#define OPSBRIDGE_DECLARE_BOXES(H)                                                            \
  void gather_corners(const H* first, int64_t stride, BoxOffset offset, const uint32_t* rows, \
                      uint32_t count, const BoxArrays<H>& boxes);
#define OPSBRIDGE_DECLARE(level)       \
  namespace level {                    \
  OPSBRIDGE_DECLARE_SCORES(Half)       \
  OPSBRIDGE_DECLARE_SCORES(BrainFloat) \
  OPSBRIDGE_DECLARE_SCORES(float)      \
  OPSBRIDGE_DECLARE_SCORES(double)     \
  OPSBRIDGE_DECLARE_KEYS(uint32_t)     \
  OPSBRIDGE_DECLARE_KEYS(uint64_t)     \
  OPSBRIDGE_DECLARE_BOXES(float)       \
  OPSBRIDGE_DECLARE_BOXES(double)      \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE
#undef OPSBRIDGE_DECLARE_BOXES
#undef OPSBRIDGE_DECLARE_KEYS
#undef OPSBRIDGE_DECLARE_SCORES

}  // namespace opsbridge
