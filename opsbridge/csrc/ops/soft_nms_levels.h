// Soft suppression in blocks of neighbouring boxes, at every instruction-set level.
#pragma once

#include <cstdint>
#include <type_traits>

#include "ops/soft_nms.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// How many boxes a block has, how many blocks a group has, and the multiple of which there is
// memory for each of them.
constexpr int64_t kSoftBlock = 16;
// So few boxes are all looked at each time: blocks of them would cost more than they save.
constexpr int64_t kFlatSlots = 128;

constexpr int64_t soft_blocks_of(int64_t count) { return (count + kSoftBlock - 1) / kSoftBlock; }

// Boxes in an order in which neighbours are near each other, by slot; blocks of slots and groups of
// blocks have their bounds and their best scores. What was selected or dropped has a score of minus
// infinity. The `positions` are those of the array in which the frameworks swap and replace
// candidates: the first `selected` are final, those up to `live` compete.
template <class A>
struct SoftBlocks {
  using Number = std::conditional_t<sizeof(A) == 2, float, A>;

  struct Corners {
    Number* x1;
    Number* y1;
    Number* x2;
    Number* y2;
  };

  // Corners of boxes, or of all boxes of a block or group, and the scores, or the best of them.
  struct Layer {
    Corners box;
    Number* score;
  };

  int64_t slots;  // a multiple of kSoftBlock
  Layer each, blocks, groups;
  Number* area;
  int64_t* candidate;  // which one is in a slot
  int64_t* position;   // of a slot
  int64_t* slot_at;    // by position
  uint64_t* dropped;   // one bit by position
  int64_t* chosen;     // the selected candidates and their scores, by position
  Number* chosen_score;
  int64_t selected, live;

  // Boxes that do not meet keep their scores, so blocks that the selected box does not meet are
  // not looked at.
  bool prunes;
  SoftSettings<A> settings;
};

// Selects until nothing competes any more, or until a score is no longer an ordinary number.
#define OPSBRIDGE_DECLARE(level)                  \
  namespace level {                               \
  template <class A>                              \
  void soft_nms_in_blocks(SoftBlocks<A>& blocks); \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
