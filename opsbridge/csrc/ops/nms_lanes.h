// A kept box against a block of others: ops/nms.h in vectors. For files that are compiled once per
// level only (OPSBRIDGE_LEVEL); host only.
#pragma once

#include "ops/lanes.h"
#include "ops/nms_sweep_levels.h"
#include "opsbridge/box.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

template <class T>
OPSBRIDGE_FN Lanes<T> fused_multiply_add(Lanes<T> a, Lanes<T> b, Lanes<T> c) {
  Vector<LaneOf<T>> result;
  for (int lane = 0; lane < Lanes<T>::kCount; ++lane) {
    result[lane] = opsbridge::fused_multiply_add(a.value[lane], b.value[lane], c.value[lane]);
  }
  return rounded<T>(result);
}

// Which lanes `suppresses` (ops/nms.h) is true in. Bounds replace thresholds, and a NaN overlap
// keeps a box, so one comparison answers.
template <class A>
OPSBRIDGE_FN auto suppressed_lanes(const Box<Lanes<A>>& kept, const Box<Lanes<A>>& other,
                                   Held<A> bound, Lanes<A> factor, const NmsRule& rule) {
  const Lanes<A> overlap = intersection(kept, other, rule.box_offset);
  const Lanes<A> united = union_area(kept, other, overlap, rule);
  auto hits = overlap.value == overlap.value;
  switch (rule.comparison) {
    case Comparison::greater:
      hits = (overlap / united).value > bound;
      break;
    case Comparison::greater_equal:
      hits = (overlap / united).value >= bound;
      break;
    default:
      hits = overlap.value > (factor * united).value;
  }
  if (rule.guard == Guard::positive_areas) {
    hits &=
        (kept.area.value > 0) & (other.area.value > 0) & (overlap.value > 0) & (united.value > 0);
  }
  return hits;
}

// The rule that most frameworks have; its constants leave nothing to ask inside the loop.
OPSBRIDGE_FN bool is_usual(const NmsRule& rule) {
  return rule.box_offset == BoxOffset::zero && rule.union_ == Union::separate &&
         rule.comparison == Comparison::greater && rule.guard == Guard::none;
}

template <class A, bool kIsUsual>
class KeptBox {
 public:
  OPSBRIDGE_MEMBER KeptBox(const SweepRun<A>& run, const BoxArrays<Held<A>>& boxes, uint32_t slot)
      : bound_(run.bound), factor_(run.threshold), rule_(run.rule) {
    box_ = {all(boxes.x1[slot]), all(boxes.y1[slot]), all(boxes.x2[slot]), all(boxes.y2[slot]),
            all(boxes.area[slot])};
  }

  // A bit for each box of the block at `first` that it suppresses.
  OPSBRIDGE_MEMBER uint32_t hits(const BoxArrays<Held<A>>& boxes, size_t first) const {
    NmsRule rule = rule_;
    if (kIsUsual) {
      rule.box_offset = BoxOffset::zero;
      rule.union_ = Union::separate;
      rule.comparison = Comparison::greater;
      rule.guard = Guard::none;
    }
    constexpr uint32_t kStep = Lanes<A>::kCount;
    uint32_t bits = 0;
#pragma GCC unroll 8
    for (uint32_t part = 0; part < kBlock; part += kStep) {
      const size_t at = first + part;
      const Box<Lanes<A>> other{
          Lanes<A>(load_lanes(boxes.x1 + at)), Lanes<A>(load_lanes(boxes.y1 + at)),
          Lanes<A>(load_lanes(boxes.x2 + at)), Lanes<A>(load_lanes(boxes.y2 + at)),
          Lanes<A>(load_lanes(boxes.area + at))};
      bits |= lane_bits(suppressed_lanes(box_, other, bound_, factor_, rule)) << part;
    }
    return bits;
  }

  // Clears the bits of what it suppresses in the blocks [first, last).
  OPSBRIDGE_MEMBER void suppress_blocks(const BoxArrays<Held<A>>& boxes, uint16_t* alive,
                                        uint32_t first, uint32_t last) const {
    for (uint32_t block = first; block < last; ++block) {
      alive[block] &= uint16_t(~hits(boxes, size_t(block) * kBlock));
    }
  }

 private:
  OPSBRIDGE_MEMBER static Lanes<A> all(Held<A> value) {
    return Lanes<A>(all_lanes<Held<A>>(value));
  }

  Box<Lanes<A>> box_;
  Held<A> bound_;
  Lanes<A> factor_;
  NmsRule rule_;
};

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
