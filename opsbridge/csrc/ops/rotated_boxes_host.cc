#include "ops/rotated_boxes_host.h"

#include <limits>

#include "ops/box_rows.h"
#include "ops/rotated_boxes.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

constexpr int64_t kLeavesDtype = 1, kTooLarge = 2;
// Squares of differences of integers below this bound, and their sums, fit 64 bits.
constexpr int64_t kIntegerBound = int64_t(1) << 30;

// What coordinates of type S are computed in.
template <class S>
using Computed = std::conditional_t<std::is_integral_v<S>, float, S>;

template <class S>
RotatedRow<S> read_numbers(const TensorView& view, int64_t row, int columns) {
  const S* first = static_cast<const S*>(view.data) + row_offset(view, row);
  RotatedRow<S> numbers{};
  for (int i = 0; i < columns; ++i) numbers.value[i] = first[i * view.strides[view.rank - 1]];
  return numbers;
}

template <class T, class V>
RotatedRow<T> cast(const RotatedRow<V>& row) {
  RotatedRow<T> result;
  for (int i = 0; i < 8; ++i) result.value[i] = static_cast<T>(row.value[i]);
  return result;
}

bool is_within_bound(const RotatedRow<int64_t>& row) {
  for (const int64_t value : row.value) {
    if (value <= -kIntegerBound || value >= kIntegerBound) return false;
  }
  return true;
}

// Numbers as their dtype stores them: integers are the nearest ones, if they fit.
template <class S>
RotatedRow<S> stored(const RotatedRow<Computed<S>>& row, int64_t& refused) {
  if constexpr (std::is_integral_v<S>) {
    RotatedRow<S> result;
    for (int i = 0; i < 8; ++i) {
      const double value = round_to_even(static_cast<double>(row.value[i]));
      const bool fits = value >= static_cast<double>(std::numeric_limits<S>::min()) &&
                        value < static_cast<double>(std::numeric_limits<S>::max()) + 1;
      if (!fits) refused = kLeavesDtype;
      result.value[i] = fits ? static_cast<S>(value) : S(0);
    }
    return result;
  } else {
    return row;
  }
}

// Every box goes by way of its first corner, where integers are rounded, as in torchvision.
template <class S>
RotatedRow<S> to_corner(const RotatedRow<S>& box, SourceLayout source, int64_t& refused) {
  using T = Computed<S>;
  if (source == SourceLayout::cxcywhr) return stored<S>(centre_to_corner(cast<T>(box)), refused);
  if (source != SourceLayout::xyxyxyxy) return box;
  const RotatedRow<Exact<S>> exact = cast<Exact<S>>(box);
  if constexpr (std::is_integral_v<S>) {
    if (!is_within_bound(exact)) {
      refused = kTooLarge;
      return box;
    }
  }
  return stored<S>(four_to_corner<T>(exact), refused);
}

template <class S>
RotatedRow<S> from_corner(const RotatedRow<S>& box, TargetLayout target, int64_t& refused) {
  using T = Computed<S>;
  if (target == TargetLayout::cxcywhr) return stored<S>(corner_to_centre(cast<T>(box)), refused);
  if (target == TargetLayout::xyxyxyxy) return stored<S>(corner_to_four(cast<T>(box)), refused);
  return box;
}

bool is_copy(const BoxConvertRule& rule) {
  return static_cast<int>(rule.source_layout) == static_cast<int>(rule.target_layout);
}

template <class S>
RotatedRow<S> converted_row(const TensorView& boxes, int64_t row, const BoxConvertRule& rule,
                            int64_t& refused) {
  const RotatedRow<S> box = read_numbers<S>(boxes, row, columns_of(rule.source_layout));
  if (is_copy(rule)) return box;
  return from_corner(to_corner(box, rule.source_layout, refused), rule.target_layout, refused);
}

// Computes integers twice, so that nothing is written where one of them is refused.
template <class S>
int64_t convert(const TensorView& boxes, const TensorView& converted, const BoxConvertRule& rule) {
  const int columns = columns_of(rule.target_layout);
  const int64_t count = row_count(boxes);
  int64_t refused = 0;
  if constexpr (std::is_integral_v<S>) {
    for (int64_t row = 0; row < count; ++row) {
      converted_row<S>(boxes, row, rule, refused);
      if (refused != 0) return refused_row(row, refused);
    }
  }
  for (int64_t row = 0; row < count; ++row) {
    const RotatedRow<S> box = converted_row<S>(boxes, row, rule, refused);
    S* destination = result_row<S>(converted, row, columns);
    for (int i = 0; i < columns; ++i) destination[i] = box.value[i];
  }
  return 0;
}

template <class T>
RotatedRow<T> pull_back(const RotatedRow<T>& box, const RotatedRow<T>& gradient,
                        const BoxConvertRule& rule) {
  int64_t never_refused = 0;
  const RotatedRow<T> corner = to_corner(box, rule.source_layout, never_refused);
  RotatedRow<T> result = gradient;
  if (rule.target_layout == TargetLayout::cxcywhr) result = pull_back_shift(corner, result, T(1));
  if (rule.target_layout == TargetLayout::xyxyxyxy) result = pull_back_four(corner, result);
  if (rule.source_layout == SourceLayout::cxcywhr) result = pull_back_shift(box, result, T(-1));
  if (rule.source_layout == SourceLayout::xyxyxyxy) result = pull_back_sides(box, result);
  return result;
}

}  // namespace

int64_t rotated_convert(const TensorView& boxes, const TensorView& converted,
                        const BoxConvertRule& rule) {
  return with_number_type(
      boxes.dtype, [&](auto zero) { return convert<decltype(zero)>(boxes, converted, rule); });
}

void rotated_convert_gradient(const TensorView& converted, const TensorView& boxes,
                              const TensorView& gradient, const BoxConvertRule& rule) {
  const int columns = columns_of(rule.source_layout), results = columns_of(rule.target_layout);
  with_floating_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    using T = Constant<S>;
    for (int64_t row = 0, count = row_count(boxes); row < count; ++row) {
      RotatedRow<T> found = cast<T>(read_numbers<S>(converted, row, results));
      if (!is_copy(rule))
        found = pull_back(cast<T>(read_numbers<S>(boxes, row, columns)), found, rule);
      S* destination = result_row<S>(gradient, row, columns);
      for (int i = 0; i < columns; ++i) destination[i] = static_cast<S>(found.value[i]);
    }
  });
}

}  // namespace opsbridge
