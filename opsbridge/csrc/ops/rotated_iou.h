// The overlap of two rotated boxes. Host and device.
#pragma once

#include "ops/rotated_boxes.h"

namespace opsbridge {

// Everything is float64, whatever the boxes are; sides may be negative in pairs, as the area says.
struct TurnedBox {
  double x, y, half_width, half_height, cosine, sine, area;
  double reach;  // from the centre to a corner
};

// A box in the layout with a centre.
OPSBRIDGE_FN TurnedBox turned_box(const RotatedRow<double>& box) {
  const double* v = box.value;
  const Turn<double> turn = turn_of(v[4]);
  const double half_width = magnitude(v[2]) / 2, half_height = magnitude(v[3]) / 2;
  const double reach = root(half_width * half_width + half_height * half_height);
  return {v[0], v[1], half_width, half_height, turn.cosine, turn.sine, v[2] * v[3], reach};
}

// What four cuts leave of a quadrilateral. A cut adds a corner for every run of corners beyond it,
// and such runs are no more than half of the corners. (A convex polygon has one, which leaves at
// most eight corners in the end; but rounding may dent it.)
constexpr int kMostCorners = 19;  // 4, 6, 9, 13, 19

struct Polygon {
  double along[kMostCorners], across[kMostCorners];
  int count;
};

// The part where sign * along <= limit. A NaN counts as beyond it.
OPSBRIDGE_FN Polygon cut(const Polygon& polygon, double sign, double limit) {
  Polygon kept;
  kept.count = 0;
  for (int i = 0; i < polygon.count; ++i) {
    const int j = i + 1 < polygon.count ? i + 1 : 0;
    const double here = sign * polygon.along[i], there = sign * polygon.along[j];
    const bool is_inside = here <= limit;
    if (is_inside) {
      kept.along[kept.count] = polygon.along[i];
      kept.across[kept.count++] = polygon.across[i];
    }
    if (is_inside != (there <= limit)) {
      const double share = (limit - here) / (there - here);
      kept.along[kept.count] = sign * limit;
      kept.across[kept.count++] =
          polygon.across[i] + share * (polygon.across[j] - polygon.across[i]);
    }
  }
  return kept;
}

OPSBRIDGE_FN Polygon transposed(const Polygon& polygon) {
  Polygon result;
  result.count = polygon.count;
  for (int i = 0; i < polygon.count; ++i) {
    result.along[i] = polygon.across[i];
    result.across[i] = polygon.along[i];
  }
  return result;
}

OPSBRIDGE_FN double area_of(const Polygon& polygon) {
  double twice = 0;
  for (int i = 0; i < polygon.count; ++i) {
    const int j = i + 1 < polygon.count ? i + 1 : 0;
    twice = twice + (polygon.along[i] * polygon.across[j] - polygon.along[j] * polygon.across[i]);
  }
  return magnitude(twice) / 2;
}

// The corners of one box, as seen from the centre of another along that one's sides.
OPSBRIDGE_FN Polygon seen_from(const TurnedBox& box, const TurnedBox& other) {
  const double cosine = box.cosine * other.cosine + box.sine * other.sine;
  const double sine = box.sine * other.cosine - box.cosine * other.sine;
  const double x = box.x - other.x, y = box.y - other.y;
  const double along = x * other.cosine - y * other.sine;
  const double across = x * other.sine + y * other.cosine;
  Polygon polygon;
  polygon.count = 4;
  for (int i = 0; i < 4; ++i) {
    const double right = i == 1 || i == 2 ? box.half_width : 0 - box.half_width;
    const double down = i >= 2 ? box.half_height : 0 - box.half_height;
    polygon.along[i] = along + (right * cosine + down * sine);
    polygon.across[i] = across + (down * cosine - right * sine);
  }
  return polygon;
}

// The other box is parallel to the axes that its own sides are, so four cuts leave the shared part.
OPSBRIDGE_FN double shared_area(const TurnedBox& box, const TurnedBox& other) {
  Polygon polygon = seen_from(box, other);
  polygon = cut(cut(polygon, 1, other.half_width), -1, other.half_width);
  polygon = transposed(polygon);
  polygon = cut(cut(polygon, 1, other.half_height), -1, other.half_height);
  const double area = area_of(polygon);
  return area > 0 && area < __builtin_inf() ? area : 0;
}

// Boxes without an area share nothing; a NaN side spreads, other numbers that are not finite do
// not.
OPSBRIDGE_FN float rotated_iou(const TurnedBox& box, const TurnedBox& other) {
  constexpr double kLeastArea = 1e-14, kSlack = 1 + 1e-9;
  if (box.area < kLeastArea || other.area < kLeastArea) return 0;
  const double x = box.x - other.x, y = box.y - other.y, reach = box.reach + other.reach;
  // The circles around them do not meet, by more than any rounding above; NaN fails the test.
  if (x * x + y * y > reach * reach * kSlack) return 0;
  const double shared = shared_area(box, other);
  return static_cast<float>(shared / (box.area + other.area - shared));
}

}  // namespace opsbridge
