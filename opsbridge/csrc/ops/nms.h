// Non-maximum suppression: does a kept box suppress another one? Host and device.
#pragma once

#include <limits>

#include "opsbridge/box.h"

namespace opsbridge {

// The threshold as the framework holds it. Quotients are compared with it in double, which is
// exact.
template <class T>
OPSBRIDGE_FN double held_threshold(double threshold, ThresholdType type) {
  switch (type) {
    case ThresholdType::float32:
    case ThresholdType::float64_via_float32:
      return static_cast<double>(static_cast<float>(threshold));
    case ThresholdType::same:
      return static_cast<double>(static_cast<T>(threshold));
    default:  // float64
      return threshold;
  }
}

// OpenCV: one minus a Jaccard distance that is computed in double and held in float.
OPSBRIDGE_FN float one_minus_distance(double overlap, double union_, double areas) {
  const bool is_empty = areas <= std::numeric_limits<double>::epsilon();
  const double distance = is_empty ? 0.0 : 1.0 - overlap / union_;
  return 1.0f - static_cast<float>(distance);
}

template <class A>
OPSBRIDGE_FN bool suppresses(const Box<A>& kept, const Box<A>& other, double threshold,
                             const NmsRule& rule) {
  const A overlap = intersection(kept, other, rule.box_offset);
  const A united = union_area(kept, other, overlap, rule);
  if (rule.guard == Guard::positive_areas &&
      !(kept.area > A(0) && other.area > A(0) && overlap > A(0) && united > A(0))) {
    return false;
  }
  const bool nan_drops = rule.nan_overlap == NanOverlap::drop;
  switch (rule.comparison) {
    case Comparison::greater: {
      const double quotient = static_cast<double>(overlap / united);
      return nan_drops ? !(quotient <= threshold) : quotient > threshold;
    }
    case Comparison::greater_equal: {
      const double quotient = static_cast<double>(overlap / united);
      return nan_drops ? !(quotient < threshold) : quotient >= threshold;
    }
    case Comparison::multiplied: {
      const A bound = static_cast<A>(threshold) * united;
      return nan_drops ? !(overlap <= bound) : overlap > bound;
    }
    default: {  // one_minus
      const double areas = static_cast<double>(kept.area) + static_cast<double>(other.area);
      const float similarity = one_minus_distance(overlap, united, areas);
      return !(static_cast<double>(similarity) <= threshold);
    }
  }
}

}  // namespace opsbridge
