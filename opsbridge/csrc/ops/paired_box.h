// Boxes as the measures of a pair take them: corners, area and angle as a framework computes them.
// Host and device.
#pragma once

#include <cmath>

#include "ops/box_iou.h"
#include "ops/box_rows.h"

namespace opsbridge {

// Within this bound no side, area, union or squared diagonal of integers leaves 64 bits.
constexpr int64_t kIntegerBound = int64_t(1) << 30;

template <class T>
OPSBRIDGE_FN bool is_within_bound(const Four<T>& row) {
  if constexpr (std::is_integral_v<T>) {
    for (int i = 0; i < 4; ++i) {
      if (row.value[i] <= -kIntegerBound || row.value[i] >= kIntegerBound) return false;
    }
  }
  return true;
}

// The arctangent is computed in float64 whatever R is, so that rounding it to a shorter R hides in
// which mathematical library it was computed, but for one box in some hundred million.
template <class R, class C>
OPSBRIDGE_FN R diagonal_angle(C x1, C y1, C x2, C y2) {
  const R slope = static_cast<R>(x2 - x1) / static_cast<R>(y2 - y1);
  return static_cast<R>(std::atan(static_cast<double>(slope)));
}

template <class T>
OPSBRIDGE_FN bool has_nan(const Four<T>& box) {
  const T* v = box.value;
  return is_nan(v[0]) | is_nan(v[1]) | is_nan(v[2]) | is_nan(v[3]);
}

template <class C, class A, class R, class V>
OPSBRIDGE_FN PairedBox<C, A, R> paired_box(const Four<V>& row, const BoxIouRule& rule) {
  const Four<C> box = to_corners(cast<C>(row), layout_of(rule));
  const Sides<A> sides = sides_of(cast<A>(row), layout_of(rule), rule.box_offset);
  const C* v = box.value;
  PairedBox<C, A, R> paired{v[0], v[1], v[2], v[3], sides.first * sides.second, R(0)};
  if constexpr (!std::is_integral_v<A>) {
    if (rule.nan_corner == NanCorner::spreads && has_nan(box)) paired.area = static_cast<A>(NAN);
  }
  if (rule.measure == Measure::ciou) {
    paired.angle = diagonal_angle<R>(v[0], v[1], v[2], v[3]);
  }
  return paired;
}

// Whether the area of a box with a NaN corner is part of every measure of its pairs.
OPSBRIDGE_FN bool nan_areas_tell(const BoxIouRule& rule) {
  return rule.nan_corner == NanCorner::spreads && rule.denominator == Denominator::union_area;
}

template <class C, class I, class A, class R>
struct IouTypes {
  using Corner = C;
  using Length = I;
  using Area = A;
  using Result = R;
};

// Calls body with the types that boxes of S are measured in. Frameworks widen boxes before the
// measures that need centres, else only sides and areas.
template <class S, class Body>
auto with_iou_types(const BoxIouRule& rule, Body body) {
  if constexpr (std::is_integral_v<S>) {
    return rule.layout == IouLayout::cxcywh ? body(IouTypes<float, float, int64_t, float>())
                                            : body(IouTypes<int64_t, int64_t, int64_t, float>());
  } else if constexpr (sizeof(S) == 2) {
    if (rule.widening == Widening::none) return body(IouTypes<S, S, S, S>());
    const bool has_centres = rule.measure == Measure::diou || rule.measure == Measure::ciou;
    return has_centres ? body(IouTypes<float, float, float, float>())
                       : body(IouTypes<S, float, float, float>());
  } else {
    return body(IouTypes<S, S, S, S>());
  }
}

}  // namespace opsbridge
