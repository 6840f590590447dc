// Soft suppression in blocks of neighbouring boxes, at every instruction-set level.
#pragma once

#include <cstdint>

#include "ops/soft_nms.h"
#include "ops/soft_nms_positions.h"
#include "ops/soft_nms_pruning.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// How many boxes a block has, and how many blocks a group has. There is memory for a multiple of
// the first for boxes and groups, and of the second for blocks.
constexpr int64_t kSoftBlock = 16;
constexpr int64_t kSoftGroup = 64;
// So few boxes are all looked at each time: blocks of them would cost more than they save.
constexpr int64_t kFlatSlots = 192;

constexpr int64_t whole_parts(int64_t count, int64_t part) { return (count + part - 1) / part; }

// Boxes in an order in which neighbours are near each other, by slot; blocks of slots and groups of
// blocks have their bounds and their best scores. What was selected or dropped has a score of minus
// infinity.
template <class A>
struct SoftBlocks {
  using Number = SoftNumber<A>;

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
  uint32_t* candidate;  // which one is in a slot
  SoftPositions positions;
  Number* selected_score;  // by step
  int64_t selected, live;  // candidates; those that are live are selected or compete
  int64_t most;            // so many are selected at most

  // Boxes that do not meet keep their scores, so blocks that the selected box does not meet are
  // not looked at. To meet it they share more of it than `least_share`.
  bool prunes;
  Number least_share;
  SoftSettings<A> settings;
};

// Selects until nothing competes any more or enough is selected, or until a score is no longer an
// ordinary number.
#define OPSBRIDGE_DECLARE(level)                  \
  namespace level {                               \
  template <class A>                              \
  void soft_nms_in_blocks(SoftBlocks<A>& blocks); \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
