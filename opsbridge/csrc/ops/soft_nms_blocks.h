// The candidates of soft suppression sorted into blocks. Host only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "ops/nms_scratch.h"
#include "ops/soft_nms_levels.h"

namespace opsbridge {

template <class A>
struct Candidate {
  Box<A> box;
  A score;
};

// Candidates, and what was found out while they were read.
template <class A>
struct Candidates {
  using Number = SoftNumber<A>;

  Candidate<A>* each;
  uint32_t count;
  Number low_x, high_x, low_y, high_y;  // of the centres
  bool are_ordinary;                    // scores are above minus infinity
  bool are_finite, are_positive;        // boxes, areas
};

template <class A>
SoftNumber<A> center(A low, A high) {
  using Number = SoftNumber<A>;
  return Number(low) / 2 + Number(high) / 2;
}

// Reads candidates: box_at(i) and score_at(i) give one.
template <class A, class BoxAt, class ScoreAt>
Candidates<A> read_candidates(uint32_t count, Scratch& scratch, BoxAt box_at, ScoreAt score_at) {
  using Number = SoftNumber<A>;
  constexpr Number kInfinity = std::numeric_limits<Number>::infinity();
  Candidates<A> found{scratch.take<Candidate<A>>(count),
                      count,
                      kInfinity,
                      -kInfinity,
                      kInfinity,
                      -kInfinity,
                      true,
                      true,
                      true};
  const A none = static_cast<A>(-std::numeric_limits<float>::infinity());
  bool ordinary = true, finite = true, positive = true;
  for (uint32_t i = 0; i < count; ++i) {
    const Box<A> box = box_at(i);
    const A score = score_at(i);
    // One by one: what was written number by number must not be read several at a time.
    Candidate<A>& each = found.each[i];
    each.box.x1 = box.x1;
    each.box.y1 = box.y1;
    each.box.x2 = box.x2;
    each.box.y2 = box.y2;
    each.box.area = box.area;
    each.score = score;
    const Number x = center(box.x1, box.x2), y = center(box.y1, box.y2);
    found.low_x = smaller(found.low_x, x);
    found.high_x = larger(found.high_x, x);
    found.low_y = smaller(found.low_y, y);
    found.high_y = larger(found.high_y, y);
    ordinary &= score > none;
    positive &= box.area > A(0);
    // Zero, unless one of the numbers is infinite or not a number.
    finite &= (box.x1 - box.x1) + (box.y1 - box.y1) + (box.x2 - box.x2) + (box.y2 - box.y2) +
                  (box.area - box.area) ==
              A(0);
  }
  found.are_ordinary = ordinary;
  found.are_finite = finite;
  found.are_positive = positive;
  return found;
}

// The blocks of ordinary candidates, with the memory that selecting from them takes.
// (Of a rule that takes_blocks only.)
template <class A>
SoftBlocks<A> make_blocks(const Candidates<A>& candidates, const SoftSettings<A>& settings,
                          Scratch& scratch);

}  // namespace opsbridge
