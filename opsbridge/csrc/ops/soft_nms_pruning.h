// Which boxes need not be looked at after a selection. The questions to the settings are asked on
// the host.
#pragma once

#include <limits>
#include <type_traits>

#include "ops/soft_nms.h"

namespace opsbridge {

template <class A>
using SoftNumber = std::conditional_t<sizeof(A) == 2, float, A>;

// Which boxes that do not meet the selected one keep their score: those of positive area, or all.
struct Keepers {
  bool are_positive, are_all;
};

// A box that is not met shares an area of zero, and it keeps its score if its weight is exactly
// one. With finite corners and areas no side is infinite, so zero is what the product of the sides
// is. Over two positive areas the overlap is +0; over others it can be -0 or, over no area, NaN.
template <class A>
inline Keepers keepers_of(const SoftSettings<A>& settings) {
  if (settings.rule.disjoint_box == DisjointBox::skipped) return {true, true};
  const auto keeps = [&](float overlap) { return soft_weight(A(overlap), settings) == A(1); };
  const bool positive = keeps(0.0f);  // then -0 keeps too: it compares and squares alike
  return {positive, positive && keeps(std::numeric_limits<float>::quiet_NaN())};
}

OPSBRIDGE_FN bool keeps_what_it_does_not_meet(const Keepers& keepers, bool are_finite,
                                              bool are_positive) {
  return are_finite && (are_positive ? keepers.are_positive : keepers.are_all);
}

// Which share of the selected box another one has to have in common with it: what is not over the
// threshold keeps its score. A union is not smaller than the selected box, but for rounding: the
// area in common, of which no more than the other box is taken away, is a product of sides that are
// not longer than the box's own. (Areas of given sizes are none of sides.) Each of the operations,
// and the threshold itself, may be off by half a unit in the last place; sixteen are left for that.
template <class A>
inline SoftNumber<A> least_share(const SoftSettings<A>& settings) {
  const SoftNmsRule& rule = settings.rule;
  const double threshold = static_cast<double>(settings.iou_threshold);
  const bool counts = rule.method != SoftMethod::gaussian && rule.layout != Layout::xywh;
  if (!counts || !(threshold >= 1e-3)) return 0;
  constexpr double kHalfUnit = sizeof(A) == 8 ? 0x1p-53 : sizeof(A) == 4 ? 0x1p-24 : 0x1p-8;
  return SoftNumber<A>(threshold * (1 - 16 * kHalfUnit));
}

// Below this a product may have lost too many bits.
constexpr float kLeastShared = 0x1p-100f;

}  // namespace opsbridge
