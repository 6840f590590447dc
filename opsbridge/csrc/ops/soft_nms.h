// Soft suppression: by how much does a selected box lower the score of another? Host and device.
#pragma once

#include "ops/nms.h"
#include "opsbridge/box.h"
#include "opsbridge/rules/soft_nms.h"

namespace opsbridge {

// The C library's exponential of the type, as the frameworks call it. On a GPU it is CUDA's, which
// may differ in the last place; for float the wide one, which rounds as the C library nearly
// always.
OPSBRIDGE_FN double exponential(double value) { return __builtin_exp(value); }
OPSBRIDGE_FN float exponential(float value) {
#ifdef __CUDA_ARCH__
  return static_cast<float>(exponential(static_cast<double>(value)));
#else
  return __builtin_expf(value);
#endif
}
template <class F>
OPSBRIDGE_FN SmallFloat<F> exponential(SmallFloat<F> value) {
  return SmallFloat<F>(exponential(float(value)));
}

template <class A>
struct SoftSettings {
  A iou_threshold, sigma, min_score;
  SoftNmsRule rule;
};

template <class A>
OPSBRIDGE_FN A gaussian_exponent(A overlap, const SoftSettings<A>& settings) {
  const bool twice = settings.rule.sigma_factor == SigmaFactor::two;
  const A sigma = twice ? A(2) * settings.sigma : settings.sigma;
  if (settings.rule.exponent == Exponent::scaled) {
    return (A(0) - A(1)) / sigma * overlap * overlap;
  }
  return (A(0) - overlap * overlap) / sigma;
}

template <class A>
OPSBRIDGE_FN A gaussian_weight(A exponent, Exponential in) {
  if (in == Exponential::same) return exponential(exponent);
  return static_cast<A>(exponential(static_cast<double>(exponent)));
}

// The factor on the score of a box that overlaps the selected one by `overlap`.
template <class A>
OPSBRIDGE_FN A soft_weight(A overlap, const SoftSettings<A>& settings) {
  const SoftNmsRule& rule = settings.rule;
  if (rule.method == SoftMethod::gaussian) {
    return gaussian_weight(gaussian_exponent(overlap, settings), rule.exponential);
  }
  const auto is_over = rule.overlap_test == OverlapTest::greater
                           ? overlap > settings.iou_threshold
                           : overlap >= settings.iou_threshold;
  return pick(is_over, rule.method == SoftMethod::linear ? A(1) - overlap : A(0), A(1));
}

template <class A>
OPSBRIDGE_FN auto overlaps(const Box<A>& a, const Box<A>& b, BoxOffset offset) {
  return side(larger(a.x1, b.x1), smaller(a.x2, b.x2), offset) > A(0) &&
         side(larger(a.y1, b.y1), smaller(a.y2, b.y2), offset) > A(0);
}

template <class A>
OPSBRIDGE_FN A overlap_of(const Box<A>& selected, const Box<A>& other, BoxOffset offset) {
  const A shared = intersection(selected, other, offset);
  return shared / ((selected.area + other.area) - shared);
}

// The same in the form and the type in which the framework lowers scores with it.
template <class S, class A>
OPSBRIDGE_FN S formed_overlap(const Box<A>& selected, const Box<A>& other,
                              const SoftNmsRule& rule) {
  if (rule.overlap_form == OverlapForm::one_minus_distance) {
    const A shared = intersection(selected, other, rule.box_offset);
    const A united = (selected.area + other.area) - shared;
    const double areas = static_cast<double>(selected.area) + static_cast<double>(other.area);
    return static_cast<S>(
        one_minus_distance(static_cast<double>(shared), static_cast<double>(united), areas));
  }
  const bool is_empty = selected.area <= A(0) || other.area <= A(0);
  if (rule.overlap_form == OverlapForm::positive_areas && is_empty) return S(0);
  return static_cast<S>(overlap_of(selected, other, rule.box_offset));
}

// What arithmetic gives that takes numbers below the normal ones of float32 for zero.
template <class S>
OPSBRIDGE_FN S held_score(S score, const SoftNmsRule& rule) {
  const S least = static_cast<S>(0x1p-126f);
  const bool is_subnormal = score < least && S(0) - score < least;
  return rule.score_type == ScoreType::float32_normal && is_subnormal ? score * S(0) : score;
}

template <class S>
OPSBRIDGE_FN S lowered_score(S score, S overlap, const SoftSettings<S>& settings) {
  const S weight = held_score(soft_weight(overlap, settings), settings.rule);
  return held_score(weight * score, settings.rule);
}

// Whether a score is too low to be selected; NaN is not.
template <class S>
OPSBRIDGE_FN bool is_low(S score, const SoftSettings<S>& settings) {
  return settings.rule.min_score_test == MinScoreTest::below ? score < settings.min_score
                                                             : score <= settings.min_score;
}

}  // namespace opsbridge
