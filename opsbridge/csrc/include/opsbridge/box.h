// Boxes as corners, and their overlap. Plain C++17, host and device, one rounding per operation.
#pragma once

#include "opsbridge/numeric.h"
#include "opsbridge/rules/nms.h"

namespace opsbridge {

template <class A>
struct Box {
  A x1, y1, x2, y2, area;
};

// The length of a side; the offset of one belongs to integer pixel coordinates.
template <class A>
OPSBRIDGE_FN A side(A low, A high, BoxOffset offset) {
  const A length = high - low;
  return offset == BoxOffset::one ? length + A(1) : length;
}

template <class A>
OPSBRIDGE_FN void sort_pair(A& low, A& high) {
  if (high < low) {
    const A swapped = low;
    low = high;
    high = swapped;
  }
}

// Four coordinates in a framework's layout as corners with their area.
template <class A>
OPSBRIDGE_FN Box<A> make_box(A c0, A c1, A c2, A c3, Layout layout, CornerOrder corner_order,
                             BoxOffset offset) {
  Box<A> box{c0, c1, c2, c3, {}};
  switch (layout) {
    case Layout::yxyx:
      box = Box<A>{c1, c0, c3, c2, {}};
      break;
    case Layout::xywh:
      box = Box<A>{c0, c1, c0 + c2, c1 + c3, {}};
      break;
    case Layout::cxcywh:
      box = Box<A>{c0 - A(0.5) * c2, c1 - A(0.5) * c3, c0 + A(0.5) * c2, c1 + A(0.5) * c3, {}};
      break;
    default:  // xyxy
      break;
  }
  if (corner_order == CornerOrder::sorted) {
    sort_pair(box.x1, box.x2);
    sort_pair(box.y1, box.y2);
  }
  if (layout == Layout::xywh) {
    // The given size, not the difference of rounded corners, is what such frameworks multiply.
    box.area = side(A(0), c2, offset) * side(A(0), c3, offset);
  } else {
    box.area = side(box.x1, box.x2, offset) * side(box.y1, box.y2, offset);
  }
  return box;
}

template <class A>
OPSBRIDGE_FN A intersection(const Box<A>& a, const Box<A>& b, BoxOffset offset) {
  const A width = larger(A(0), side(larger(a.x1, b.x1), smaller(a.x2, b.x2), offset));
  const A height = larger(A(0), side(larger(a.y1, b.y1), smaller(a.y2, b.y2), offset));
  return width * height;
}

template <class A>
OPSBRIDGE_FN A union_area(const Box<A>& a, const Box<A>& b, A overlap, const NmsRule& rule) {
  if (rule.union_ == Union::fused_second_area) {
    const A width = side(b.x1, b.x2, rule.box_offset);
    const A height = side(b.y1, b.y2, rule.box_offset);
    return fused_multiply_add(width, height, a.area) - overlap;
  }
  return (a.area + b.area) - overlap;
}

}  // namespace opsbridge
