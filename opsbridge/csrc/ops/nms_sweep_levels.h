// The fast sweeps of suppression at every instruction-set level. They decide with the arithmetic of
// ops/nms.h in vectors, and differ from the plain sweep in which pairs they look at.
#pragma once

#include <cstdint>

#include "opsbridge/half.h"
#include "opsbridge/rules/nms.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// Boxes are swept in blocks of this many, each with one word of flags.
constexpr uint32_t kBlock = 16;

constexpr uint32_t blocks_of(uint32_t count) { return (count + kBlock - 1) / kBlock; }

// Vectors hold a 16-bit float widened.
template <class A>
struct HeldInLanes {
  using type = A;
};
template <>
struct HeldInLanes<Half> {
  using type = float;
};
template <>
struct HeldInLanes<BrainFloat> {
  using type = float;
};
template <class A>
using Held = typename HeldInLanes<A>::type;

// Boxes as structure of arrays, aligned to a cache line, whole blocks.
template <class H>
struct BoxArrays {
  H* x1;
  H* y1;
  H* x2;
  H* y2;
  H* area;
};

// Candidates that compete with each other, and those of them that are kept.
template <class A>
struct SweepRun {
  BoxArrays<Held<A>> boxes;  // best first; the sweep moves what is left to the front
  uint32_t count;            // boxes; comes back as the number that no sweep has decided
  uint32_t behind;           // boxes that are worse than all of these and will meet what is kept
  uint32_t* places;          // of the boxes in the run: 0, 1, 2 ...
  uint16_t* alive;           // room for a word per block
  uint32_t* kept;            // room for the places of the kept boxes, and a block more
  uint32_t kept_count;
  uint32_t most_kept;
  double threshold;
  Held<A> bound;  // the threshold as a number that a vector can hold, see comparison_bound
  NmsRule rule;
  bool may_stop;  // leave boxes undecided once a grid would be faster
};

// Where boxes lie by position and size (ops/nms_grid.h), and the memory for that.
constexpr int kMostLevels = 64;

template <class H>
struct GridMemory {
  H* boxes;          // five numbers for each box of whole blocks
  uint16_t* alive;   // one per block
  uint32_t* slots;   // one per box of whole blocks
  uint32_t* starts;  // grid_starts(undecided boxes)
};

constexpr uint32_t grid_starts(uint32_t count) { return count / 2 + 4 * kMostLevels + 2; }

// With such a rule suppression needs an overlap above the threshold, which a grid can rule out.
constexpr double kLowestGridThreshold = 0.05;

#define OPSBRIDGE_DECLARE_FOR(A)                                                             \
  void sweep_best_first(SweepRun<A>& run);                                                   \
  void drop_suppressed_by(SweepRun<A>& run, const BoxArrays<Held<A>>& kept, uint32_t count); \
  bool sweep_in_grid(SweepRun<A>& run, const GridMemory<Held<A>>& memory);

// sweep_best_first decides boxes from the best on; sweep_in_grid decides those that it left, or
// refuses (false) where a box is too odd for the grid's reasoning. drop_suppressed_by leaves those
// boxes of a run, in any order, that none of the kept ones suppresses.
#define OPSBRIDGE_DECLARE(level)    \
  namespace level {                 \
  OPSBRIDGE_DECLARE_FOR(Half)       \
  OPSBRIDGE_DECLARE_FOR(BrainFloat) \
  OPSBRIDGE_DECLARE_FOR(float)      \
  OPSBRIDGE_DECLARE_FOR(double)     \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE
#undef OPSBRIDGE_DECLARE_FOR

}  // namespace opsbridge
