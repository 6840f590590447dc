// The sweep from the best box on, compiled once per instruction-set level (OPSBRIDGE_LEVEL names
// it). Each kept box meets all that are left, without a branch that depends on them: while it
// drops many of them, nothing that looks at fewer pairs is faster.
#include "ops/nms_grid.h"
#include "ops/nms_lanes.h"
#include "ops/nms_sweep_levels.h"
#include "ops/packed_lanes.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// What a grid takes for a box that is kept, and for one that is dropped, in tests of this sweep.
constexpr double kTestsPerKept = 256;
constexpr double kTestsPerDropped = 128;
// What is left is not worth a grid.
constexpr uint32_t kFewBoxes = 448;
// Of loops whose turns take as long as there are boxes: with a few hundred, nobody asks.
constexpr uint32_t kTurnsBetweenAsking = 16;
// So many kept boxes show how many others one drops.
constexpr uint32_t kFirstKept = 4;

uint32_t count_alive(const uint16_t* alive, uint32_t blocks) {
  uint32_t count = 0;
  for (uint32_t block = 0; block < blocks; ++block) count += __builtin_popcount(alive[block]);
  return count;
}

void revive(uint16_t* alive, uint32_t count) {
  for (uint32_t block = 0; block < count / kBlock; ++block) alive[block] = 0xffff;
  if (count % kBlock != 0) alive[count / kBlock] = uint16_t((1u << count % kBlock) - 1);
}

// Moves what is alive to the front, in order.
template <class A>
void compact(SweepRun<A>& run, uint32_t first) {
  const uint32_t blocks = blocks_of(run.count);
  const BoxArrays<Held<A>>& boxes = run.boxes;
  uint32_t count = 0;
  for (uint32_t block = first; block < blocks; ++block) {
    const uint32_t alive = run.alive[block];
    const size_t at = size_t(block) * kBlock;
    pack_lanes(boxes.x1 + at, alive, boxes.x1 + count);
    pack_lanes(boxes.y1 + at, alive, boxes.y1 + count);
    pack_lanes(boxes.x2 + at, alive, boxes.x2 + count);
    pack_lanes(boxes.y2 + at, alive, boxes.y2 + count);
    pack_lanes(boxes.area + at, alive, boxes.area + count);
    pack_lanes(run.places + at, alive, run.places + count);
    count += __builtin_popcount(alive);
  }
  run.count = count;
  revive(run.alive, count);
}

// Decides boxes of a block from the best on, until `most` of them are kept; returns the lanes of
// those. Each box meets the whole block at once, and which of them are kept is then a chain of
// bits: tests that do not wait for each other take less time than fewer tests that do.
template <class A, bool kIsUsual>
uint32_t decide_in_block(SweepRun<A>& run, uint32_t block, uint32_t most) {
  const uint32_t first = block * kBlock;
  uint32_t hits[kBlock];
  for (uint32_t rest = run.alive[block]; rest != 0; rest &= rest - 1) {
    const uint32_t lane = __builtin_ctz(rest);
    hits[lane] = KeptBox<A, kIsUsual>(run, run.boxes, first + lane).hits(run.boxes, first);
  }
  const uint32_t room = run.most_kept - run.kept_count;
  uint32_t undecided = run.alive[block], kept = 0;
  for (uint32_t left = most < room ? most : room; left > 0 && undecided != 0; --left) {
    const uint32_t lane = __builtin_ctz(undecided);
    run.kept[run.kept_count++] = run.places[first + lane];
    kept |= 1u << lane;
    undecided &= ~(hits[lane] | 1u << lane);
  }
  run.alive[block] = uint16_t(undecided);
  return kept;
}

// The same for a whole run of one block.
template <class A, bool kIsUsual>
void decide_few(SweepRun<A>& run) {
  uint32_t hits[kBlock];
  for (uint32_t slot = 0; slot < run.count; ++slot) {
    hits[slot] = KeptBox<A, kIsUsual>(run, run.boxes, slot).hits(run.boxes, 0);
  }
  uint32_t suppressed = 0;
  for (uint32_t slot = 0; slot < run.count && run.kept_count < run.most_kept; ++slot) {
    if ((suppressed >> slot & 1) != 0) continue;
    run.kept[run.kept_count++] = run.places[slot];
    suppressed |= hits[slot];
  }
  run.count = 0;
}

// The boxes of a block that are kept meet the blocks behind it. Which boxes those are depends on
// none of these tests, so that the next one can begin before the last one has ended.
template <class A, bool kIsUsual>
void suppress_behind(SweepRun<A>& run, uint32_t block, uint32_t lanes) {
  const uint32_t blocks = blocks_of(run.count);
  for (; lanes != 0; lanes &= lanes - 1) {
    const uint32_t slot = block * kBlock + __builtin_ctz(lanes);
    const KeptBox<A, kIsUsual> kept(run, run.boxes, slot);
    kept.suppress_blocks(run.boxes, run.alive, block + 1, blocks);
  }
}

template <class A, bool kIsUsual>
void sweep(SweepRun<A>& run) {
  if (run.count <= kBlock) return decide_few<A, kIsUsual>(run);
  revive(run.alive, run.count);
  // Worse boxes that are not here are as many for each one here.
  const double share = double(run.count) + run.behind;
  const double boxes_per_box = share / run.count;
  uint32_t left = run.count;  // alive boxes
  uint32_t most = share > kFewBoxes ? kFirstKept : kBlock;
  uint32_t block = 0;
  for (uint32_t turn = 0; left > 0 && run.kept_count < run.most_kept; ++turn) {
    if (may_end_at(turn, kTurnsBetweenAsking)) break;
    if (run.alive[block] == 0) {
      ++block;
      continue;
    }
    const uint32_t lanes = decide_in_block<A, kIsUsual>(run, block, most);
    suppress_behind<A, kIsUsual>(run, block, lanes);
    block += run.alive[block] == 0;
    const uint32_t blocks = blocks_of(run.count) - block;
    const uint32_t kept = __builtin_popcount(lanes);
    const uint32_t now = count_alive(run.alive + block, blocks);
    const double pairs = now * boxes_per_box * kept;
    const double dropped = (left - kept - now) * boxes_per_box;
    const bool stops = run.may_stop && now * boxes_per_box > kFewBoxes &&
                       dropped * kTestsPerDropped + kept * kTestsPerKept < pairs;
    if (stops || (blocks > 3 && now < blocks * (kBlock * 3 / 4))) {
      compact(run, block);
      block = 0;
      if (stops) return;
    }
    left = now;
    most = kBlock;
  }
  run.count = 0;
}

template <class A, bool kIsUsual>
void drop_suppressed(SweepRun<A>& run, const BoxArrays<Held<A>>& boxes, uint32_t count) {
  constexpr uint32_t kBetweenCounts = 4;
  revive(run.alive, run.count);
  for (uint32_t i = 0; i < count; ++i) {
    if (may_end_at(i, kTurnsBetweenAsking)) break;
    const uint32_t blocks = blocks_of(run.count);
    KeptBox<A, kIsUsual>(run, boxes, i).suppress_blocks(run.boxes, run.alive, 0, blocks);
    if (i % kBetweenCounts != kBetweenCounts - 1) continue;
    if (count_alive(run.alive, blocks) < blocks * (kBlock * 3 / 4)) compact(run, 0);
  }
  compact(run, 0);
}

template <class A>
void sweep_any(SweepRun<A>& run) {
  return is_usual(run.rule) ? sweep<A, true>(run) : sweep<A, false>(run);
}

template <class A>
void drop_any(SweepRun<A>& run, const BoxArrays<Held<A>>& kept, uint32_t count) {
  return is_usual(run.rule) ? drop_suppressed<A, true>(run, kept, count)
                            : drop_suppressed<A, false>(run, kept, count);
}

template <class A>
bool grid_any(SweepRun<A>& run, const GridMemory<Held<A>>& memory) {
  return is_usual(run.rule) ? decide_in_grid<A, true>(run, memory)
                            : decide_in_grid<A, false>(run, memory);
}

}  // namespace

#define OPSBRIDGE_DEFINE_FOR(A)                                                               \
  void sweep_best_first(SweepRun<A>& run) { sweep_any(run); }                                 \
  void drop_suppressed_by(SweepRun<A>& run, const BoxArrays<Held<A>>& kept, uint32_t count) { \
    drop_any(run, kept, count);                                                               \
  }                                                                                           \
  bool sweep_in_grid(SweepRun<A>& run, const GridMemory<Held<A>>& memory) {                   \
    return grid_any(run, memory);                                                             \
  }
OPSBRIDGE_DEFINE_FOR(Half)
OPSBRIDGE_DEFINE_FOR(BrainFloat)
OPSBRIDGE_DEFINE_FOR(float)
OPSBRIDGE_DEFINE_FOR(double)
#undef OPSBRIDGE_DEFINE_FOR

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
