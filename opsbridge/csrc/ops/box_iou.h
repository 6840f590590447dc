// How much two boxes overlap, and the measures made of it. Host and device.
//
// C holds corners, I lengths and areas of what two boxes share, A areas of single boxes, R results.
// They differ where a framework widens on the way: corners of integers, sides of 16-bit floats.
#pragma once

#include "opsbridge/box.h"
#include "opsbridge/rules/box_iou.h"

namespace opsbridge {

// `angle` (of the diagonal) counts for the measure that needs it only.
template <class C, class A, class R>
struct PairedBox {
  C x1, y1, x2, y2;
  A area;
  R angle;
};

// Whether a corner can be NaN where that has to spread to the result. A NaN area of a box spreads
// to every measure over the union by itself, so a caller who gives one spares the tests of the
// corners.
enum class NanCorners { possible, none };

// A length between two corners, never negative, and not a number where a corner is not one.
template <class I, class C>
OPSBRIDGE_FN I clamped_side(C low, C high, const BoxIouRule& rule) {
  I length = static_cast<I>(side(low, high, rule.box_offset));
  length = rule.nan_corner == NanCorner::spreads ? larger(length, I(0)) : larger(I(0), length);
  return rule.longest_side == LongestSide::int32 ? smaller(length, static_cast<I>(2147483648.0))
                                                 : length;
}

template <class I, NanCorners nans, class C>
OPSBRIDGE_FN I shared_side(C a1, C a2, C b1, C b2, const BoxIouRule& rule) {
  const bool spreads = nans == NanCorners::possible && rule.nan_corner == NanCorner::spreads;
  return clamped_side<I>(spreads ? larger_or_nan(a1, b1) : larger(a1, b1),
                         spreads ? smaller_or_nan(a2, b2) : smaller(a2, b2), rule);
}

template <class I, NanCorners nans, class C>
OPSBRIDGE_FN I hull_side(C a1, C a2, C b1, C b2, const BoxIouRule& rule) {
  if (nans == NanCorners::none) return clamped_side<I>(smaller(a1, b1), larger(a2, b2), rule);
  return clamped_side<I>(smaller_or_nan(a1, b1), larger_or_nan(a2, b2), rule);
}

template <class I, class A>
OPSBRIDGE_FN I denominator(A first, A second, I united, const BoxIouRule& rule) {
  I area = united;
  if (rule.denominator == Denominator::first_area) area = static_cast<I>(first);
  if (rule.denominator == Denominator::second_area) area = static_cast<I>(second);
  return rule.denominator_epsilon == DenominatorEpsilon::e_minus_10 ? area + static_cast<I>(1e-10)
                                                                    : area;
}

// The distance between the centres over the diagonal of the hull, both squared.
template <class I, NanCorners nans, class C, class A, class R>
OPSBRIDGE_FN R centre_distance(const PairedBox<C, A, R>& a, const PairedBox<C, A, R>& b, R epsilon,
                               const BoxIouRule& rule) {
  const I width = hull_side<I, nans>(a.x1, a.x2, b.x1, b.x2, rule);
  const I height = hull_side<I, nans>(a.y1, a.y2, b.y1, b.y2, rule);
  const R diagonal = static_cast<R>(width * width + height * height) + epsilon;
  const R x = static_cast<R>(a.x1 + a.x2) / R(2) - static_cast<R>(b.x1 + b.x2) / R(2);
  const R y = static_cast<R>(a.y1 + a.y2) / R(2) - static_cast<R>(b.y1 + b.y2) / R(2);
  return (x * x + y * y) / diagonal;
}

// How far the shapes of two boxes differ, weighed by how much the boxes overlap.
template <class R>
OPSBRIDGE_FN R shape_penalty(R first_angle, R second_angle, R iou, R epsilon) {
  const R turned = first_angle - second_angle;
  const R difference = static_cast<R>(0.40528473456935109) * (turned * turned);  // 4 / pi^2
  const R weight = difference / (((R(1) - iou) + difference) + epsilon);
  return weight * difference;
}

template <class I, NanCorners nans, class C, class A, class R>
OPSBRIDGE_FN R pair_measure(const PairedBox<C, A, R>& a, const PairedBox<C, A, R>& b, R epsilon,
                            const BoxIouRule& rule) {
  const I shared = shared_side<I, nans>(a.x1, a.x2, b.x1, b.x2, rule) *
                   shared_side<I, nans>(a.y1, a.y2, b.y1, b.y2, rule);
  const I united = static_cast<I>(a.area + b.area) - shared;
  const R iou = static_cast<R>(shared) / static_cast<R>(denominator(a.area, b.area, united, rule));
  switch (rule.measure) {
    case Measure::giou: {
      const I hull = hull_side<I, nans>(a.x1, a.x2, b.x1, b.x2, rule) *
                     hull_side<I, nans>(a.y1, a.y2, b.y1, b.y2, rule);
      return iou - static_cast<R>(hull - united) / static_cast<R>(hull);
    }
    case Measure::diou:
      return iou - centre_distance<I, nans>(a, b, epsilon, rule);
    case Measure::ciou:
      return (iou - centre_distance<I, nans>(a, b, epsilon, rule)) -
             shape_penalty(a.angle, b.angle, iou, epsilon);
    default:  // iou
      return iou;
  }
}

}  // namespace opsbridge
