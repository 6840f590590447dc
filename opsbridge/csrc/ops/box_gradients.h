// Gradients of what boxes are measured by. Host and device.
//
// Ties follow PyTorch: the larger and the smaller of two equal corners pass half to each, and what
// is cut passes its gradient only strictly inside its bounds.
#pragma once

#include "ops/box_iou.h"
#include "ops/box_shapes.h"

namespace opsbridge {

// A box of a pair, with the gradients that reach its corners and its area.
template <class T>
struct TracedBox {
  T x1, y1, x2, y2, area;
};

template <class T>
OPSBRIDGE_FN TracedBox<T> no_gradient() {
  return {T(0), T(0), T(0), T(0), T(0)};
}

// How much of a gradient goes to the first of two numbers of which one was taken.
template <class T>
OPSBRIDGE_FN T share_of_first(T first, T second, bool takes_larger) {
  if (first == second) return T(0.5);
  return (first > second) == takes_larger ? T(1) : T(0);
}

// One length between corners of two boxes: shared (the inner ones) or of their hull (the outer).
template <class T>
struct TracedLength {
  T length, low_share, high_share;
  bool is_passed;
};

template <class T>
OPSBRIDGE_FN TracedLength<T> traced_length(T a1, T a2, T b1, T b2, bool is_shared,
                                           const BoxIouRule& rule) {
  const T low = is_shared ? larger_or_nan(a1, b1) : smaller_or_nan(a1, b1);
  const T high = is_shared ? smaller_or_nan(a2, b2) : larger_or_nan(a2, b2);
  const T length = side(low, high, rule.box_offset);
  const bool is_limited =
      rule.longest_side == LongestSide::int32 && length > static_cast<T>(2147483648.0);
  return {clamped_side<T>(low, high, rule), share_of_first(a1, b1, is_shared),
          share_of_first(a2, b2, !is_shared), length > T(0) && !is_limited};
}

// No share is zero, whatever there is to share.
template <class T>
OPSBRIDGE_FN T share_of(T gradient, T share) {
  return pick(share == T(0), T(0), gradient * share);
}

template <class T>
OPSBRIDGE_FN void pass_length(const TracedLength<T>& traced, T gradient, T& a1, T& a2, T& b1,
                              T& b2) {
  if (!traced.is_passed) return;
  a1 = a1 - share_of(gradient, traced.low_share);
  b1 = b1 - share_of(gradient, T(1) - traced.low_share);
  a2 = a2 + share_of(gradient, traced.high_share);
  b2 = b2 + share_of(gradient, T(1) - traced.high_share);
}

// Lengths of both axes between two boxes.
template <class T>
struct TracedLengths {
  TracedLength<T> x, y;
};

template <class T>
OPSBRIDGE_FN TracedLengths<T> traced_lengths(const TracedBox<T>& a, const TracedBox<T>& b,
                                             bool is_shared, const BoxIouRule& rule) {
  return {traced_length(a.x1, a.x2, b.x1, b.x2, is_shared, rule),
          traced_length(a.y1, a.y2, b.y1, b.y2, is_shared, rule)};
}

template <class T>
struct PairGradient {
  TracedBox<T> first, second;
};

template <class T>
OPSBRIDGE_FN void pass_lengths(const TracedLengths<T>& lengths, T x, T y, PairGradient<T>& to) {
  pass_length(lengths.x, x, to.first.x1, to.first.x2, to.second.x1, to.second.x2);
  pass_length(lengths.y, y, to.first.y1, to.first.y2, to.second.y1, to.second.y2);
}

// The distance of the centres over the diagonal of the hull, as `centre_distance` computes it.
template <class T>
OPSBRIDGE_FN void pass_distance(const TracedBox<T>& a, const TracedBox<T>& b,
                                const TracedLengths<T>& hull, T gradient, T epsilon,
                                PairGradient<T>& to) {
  const T diagonal = hull.x.length * hull.x.length + hull.y.length * hull.y.length + epsilon;
  const T x = (a.x1 + a.x2) / T(2) - (b.x1 + b.x2) / T(2);
  const T y = (a.y1 + a.y2) / T(2) - (b.y1 + b.y2) / T(2);
  const T along = gradient / diagonal;
  to.first.x1 = to.first.x1 + along * x;
  to.first.x2 = to.first.x2 + along * x;
  to.first.y1 = to.first.y1 + along * y;
  to.first.y2 = to.first.y2 + along * y;
  to.second.x1 = to.second.x1 - along * x;
  to.second.x2 = to.second.x2 - along * x;
  to.second.y1 = to.second.y1 - along * y;
  to.second.y2 = to.second.y2 - along * y;
  const T across = T(0) - along * ((x * x + y * y) / diagonal);
  pass_lengths(hull, across * T(2) * hull.x.length, across * T(2) * hull.y.length, to);
}

// The gradient of the angle of a box's diagonal, the arctangent of width over height.
template <class T>
OPSBRIDGE_FN void pass_angle(const TracedBox<T>& box, T gradient, TracedBox<T>& to) {
  const T width = box.x2 - box.x1, height = box.y2 - box.y1;
  const T squared = width * width + height * height;
  const T across = gradient * (height / squared), down = gradient * (width / squared);
  to.x2 = to.x2 + across;
  to.x1 = to.x1 - across;
  to.y2 = to.y2 - down;
  to.y1 = to.y1 + down;
}

// The weight of the shape penalty is a constant, as in PyTorch.
template <class T>
OPSBRIDGE_FN void pass_shape(const TracedBox<T>& a, const TracedBox<T>& b, T turned, T iou,
                             T gradient, T epsilon, PairGradient<T>& to) {
  const T factor = static_cast<T>(0.40528473456935109);  // 4 / pi^2
  const T difference = factor * (turned * turned);
  const T weight = difference / (((T(1) - iou) + difference) + epsilon);
  const T angle = gradient * weight * factor * T(2) * turned;
  pass_angle(a, angle, to.first);
  pass_angle(b, T(0) - angle, to.second);
}

// `turned` is the difference of the angles of the diagonals; only one measure reads it.
template <class T>
OPSBRIDGE_FN PairGradient<T> pair_gradient(const TracedBox<T>& a, const TracedBox<T>& b, T gradient,
                                           T turned, T epsilon, const BoxIouRule& rule) {
  PairGradient<T> to{no_gradient<T>(), no_gradient<T>()};
  const TracedLengths<T> shared = traced_lengths(a, b, true, rule);
  const T area = shared.x.length * shared.y.length;
  const T united = (a.area + b.area) - area;
  const T below = denominator(a.area, b.area, united, rule);
  const T iou = area / below;
  T to_area = gradient / below;
  T to_first = T(0) - to_area * iou, to_second = to_first, to_united = to_first;
  if (rule.denominator != Denominator::union_area) to_united = T(0);
  if (rule.denominator != Denominator::first_area) to_first = T(0);
  if (rule.denominator != Denominator::second_area) to_second = T(0);
  if (rule.measure != Measure::iou) {
    const TracedLengths<T> hull = traced_lengths(a, b, false, rule);
    if (rule.measure == Measure::giou) {
      const T hull_area = hull.x.length * hull.y.length;
      const T to_hull = T(0) - gradient * ((united / hull_area) / hull_area);
      to_united = to_united + gradient / hull_area;
      pass_lengths(hull, to_hull * hull.y.length, to_hull * hull.x.length, to);
    } else {
      pass_distance(a, b, hull, T(0) - gradient, epsilon, to);
    }
    if (rule.measure == Measure::ciou) {
      pass_shape(a, b, turned, iou, T(0) - gradient, epsilon, to);
    }
  }
  to_area = to_area - to_united;
  pass_lengths(shared, to_area * shared.y.length, to_area * shared.x.length, to);
  to.first.area = to_first + to_united;
  to.second.area = to_second + to_united;
  return to;
}

// From corners and area back to the four numbers of a box in its layout.
template <class T>
OPSBRIDGE_FN Four<T> to_layout(const Four<T>& box, const TracedBox<T>& gradient, Layout layout,
                               BoxOffset offset) {
  const Sides<T> sides = sides_of(box, layout, offset);
  const T first = gradient.area * sides.second, second = gradient.area * sides.first;
  switch (layout) {
    case Layout::yxyx:
      return {
          {gradient.y1 - second, gradient.x1 - first, gradient.y2 + second, gradient.x2 + first}};
    case Layout::xywh:
      return {{gradient.x1 + gradient.x2, gradient.y1 + gradient.y2, gradient.x2 + first,
               gradient.y2 + second}};
    case Layout::cxcywh:
      return {{gradient.x1 + gradient.x2, gradient.y1 + gradient.y2,
               (gradient.x2 - gradient.x1) / T(2) + first,
               (gradient.y2 - gradient.y1) / T(2) + second}};
    default:
      return {
          {gradient.x1 - first, gradient.y1 - second, gradient.x2 + first, gradient.y2 + second}};
  }
}

// From the four numbers of a layout, that were made of corners, to the corners.
template <class T>
OPSBRIDGE_FN TracedBox<T> from_layout(const Four<T>& gradient, Layout layout) {
  const T* v = gradient.value;
  switch (layout) {
    case Layout::yxyx:
      return {v[1], v[0], v[3], v[2], T(0)};
    case Layout::xywh:
      return {v[0] - v[2], v[1] - v[3], v[2], v[3], T(0)};
    case Layout::cxcywh:
      return {v[0] / T(2) - v[2], v[1] / T(2) - v[3], v[0] / T(2) + v[2], v[1] / T(2) + v[3], T(0)};
    default:
      return {v[0], v[1], v[2], v[3], T(0)};
  }
}

// The gradient of one box from that of its area.
template <class T>
OPSBRIDGE_FN Four<T> area_gradient_row(const Four<T>& box, T incoming, Layout layout,
                                       BoxOffset offset) {
  return to_layout(box, TracedBox<T>{T(0), T(0), T(0), T(0), incoming}, layout, offset);
}

template <class T>
OPSBRIDGE_FN Four<T> convert_gradient_row(const Four<T>& incoming, Layout source, Layout target) {
  if (source == target) return incoming;
  return to_layout(incoming, from_layout(incoming, target), source, BoxOffset::zero);
}

template <class T>
OPSBRIDGE_FN Four<T> clip_gradient_row(const Four<T>& box, const Four<T>& incoming, T x_limit,
                                       T y_limit) {
  Four<T> passed;
  for (int i = 0; i < 4; ++i) {
    const bool is_inside = box.value[i] > T(0) && box.value[i] < (i % 2 == 0 ? x_limit : y_limit);
    passed.value[i] = is_inside ? incoming.value[i] : T(0);
  }
  return passed;
}

}  // namespace opsbridge
