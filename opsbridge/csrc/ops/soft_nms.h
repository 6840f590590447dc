// Soft suppression: by how much does a selected box lower the score of another? Host and device.
#pragma once

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

}  // namespace opsbridge
