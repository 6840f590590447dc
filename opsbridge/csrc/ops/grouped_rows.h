// Boxes of one call as corners, each moved by its group where a rule says so.
#pragma once

#include <cstdint>
#include <limits>

#include "opsbridge/box.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct BoxRows {
  TensorView boxes;  // rows of at least first_column + 4 numbers
  int64_t first_column;
  TensorView groups;  // int64 or float64, may be absent

  OPSBRIDGE_MEMBER int64_t count() const { return boxes.shape[0]; }
};

// A group id in the type of the boxes.
template <class T>
OPSBRIDGE_FN T group_of(const BoxRows& rows, int64_t row) {
  if (rows.groups.dtype == Dtype::int64) return static_cast<T>(read<int64_t>(rows.groups, row));
  return static_cast<T>(read<double>(rows.groups, row));
}

// The first row whose group is not a number, or -1.
inline int64_t first_nan_group(const BoxRows& rows) {
  if (!is_present(rows.groups) || rows.groups.dtype != Dtype::float64) return -1;
  for (int64_t row = 0; row < rows.count(); ++row) {
    if (is_nan(read<double>(rows.groups, row))) return row;
  }
  return -1;
}

struct Grouping {
  bool is_shifted;  // boxes are moved apart, so that groups do not meet
  bool is_exact;    // only boxes of one group are compared
};

// How groups are kept apart in a call of this size; a negative limit is none.
template <class Rule>
Grouping grouping_of(const BoxRows& rows, int64_t shift_limit, const Rule& rule) {
  if (!is_present(rows.groups)) return {false, false};
  const bool is_over = shift_limit >= 0 && 4 * rows.count() > shift_limit;
  if (is_over && rule.over_shift_limit == OverShiftLimit::per_group) return {false, true};
  const bool moves =
      rule.group_rule == GroupRule::shifted || rule.group_rule == GroupRule::per_group_on_shifted;
  if (is_over && rule.over_shift_limit == OverShiftLimit::per_group_on_shifted) return {true, true};
  return {moves, rule.group_rule == GroupRule::per_group ||
                     rule.group_rule == GroupRule::per_group_on_shifted};
}

// How boxes are read: what `step` is to the groups, and the rest from the rule.
template <class T>
struct BoxReading {
  Layout layout;
  CornerOrder corner_order;
  BoxOffset offset;
  bool is_shifted;
  T step;
};

template <class T>
OPSBRIDGE_FN T coordinate_of(const BoxRows& rows, int64_t row, int64_t j) {
  return read<T>(rows.boxes, row, rows.first_column + j);
}

template <class T, class A>
OPSBRIDGE_FN Box<A> box_of(const BoxRows& rows, int64_t row, const BoxReading<T>& reading) {
  // A size does not move with its box.
  const bool ends_with_size = reading.layout == Layout::xywh || reading.layout == Layout::cxcywh;
  T c[4];
  for (int64_t j = 0; j < 4; ++j) {
    c[j] = coordinate_of<T>(rows, row, j);
    if (reading.is_shifted && (j < 2 || !ends_with_size)) {
      c[j] = c[j] + group_of<T>(rows, row) * reading.step;
    }
  }
  return make_box<A>(static_cast<A>(c[0]), static_cast<A>(c[1]), static_cast<A>(c[2]),
                     static_cast<A>(c[3]), reading.layout, reading.corner_order, reading.offset);
}

// The corners of a box among which the largest decides how far groups are moved apart.
template <class T>
OPSBRIDGE_FN Box<T> corners_as_given(const BoxRows& rows, int64_t row, Layout layout) {
  return make_box<T>(coordinate_of<T>(rows, row, 0), coordinate_of<T>(rows, row, 1),
                     coordinate_of<T>(rows, row, 2), coordinate_of<T>(rows, row, 3), layout,
                     CornerOrder::given, BoxOffset::zero);
}

// Reads boxes in one layout. Areas are in the arithmetic type A, shifts in the type T of the boxes.
template <class T, class A>
class BoxReader {
 public:
  BoxReader(const BoxRows& rows, Layout layout, CornerOrder corner_order, BoxOffset offset,
            Grouping grouping)
      : rows_(rows), reading_{layout, corner_order, offset, grouping.is_shifted, T(0)} {
    if (grouping.is_shifted) reading_.step = shift_step();
  }

  T coordinate(int64_t row, int64_t j) const { return coordinate_of<T>(rows_, row, j); }

  Box<A> operator()(int64_t row) const { return box_of<T, A>(rows_, row, reading_); }

 private:
  // What separates two groups: the largest coordinate plus one. A NaN wins, as in the frameworks.
  T shift_step() const {
    T largest = static_cast<T>(-std::numeric_limits<float>::infinity());
    for (int64_t row = 0; row < rows_.count(); ++row) {
      const Box<T> box = corners_as_given<T>(rows_, row, reading_.layout);
      const T corners[4] = {box.x1, box.y1, box.x2, box.y2};
      for (const T value : corners) {
        if (!(value <= largest)) largest = value;
        if (is_nan(largest)) return largest;
      }
    }
    return largest + T(1);
  }

  const BoxRows& rows_;
  BoxReading<T> reading_;
};

}  // namespace opsbridge
