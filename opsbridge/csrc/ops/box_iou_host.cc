#include "ops/box_iou_host.h"

#include <cmath>
#include <memory>

#include "ops/box_broadcast.h"
#include "ops/box_iou_levels.h"
#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"
#include "runtime/huge_pages.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

// Within this bound no side, area, union or squared diagonal of integers leaves 64 bits.
constexpr int64_t kIntegerBound = int64_t(1) << 30;

template <class S>
int64_t first_row_beyond_bound(const TensorView& view) {
  if constexpr (std::is_integral_v<S>) {
    for (int64_t row = 0, count = row_count(view); row < count; ++row) {
      for (const int64_t value : read_row<S>(view, row).value) {
        if (value <= -kIntegerBound || value >= kIntegerBound) return row;
      }
    }
  }
  return -1;
}

template <class R, class C>
R diagonal_angle(const Four<C>& box) {
  const C* v = box.value;
  const R slope = static_cast<R>(v[2] - v[0]) / static_cast<R>(v[3] - v[1]);
  return static_cast<R>(std::atan(static_cast<double>(slope)));
}

// One matrix of boxes, unpacked: corners and area as the framework computes them.
template <class C, class A, class R>
class Columns {
 public:
  Columns(int64_t count, bool has_angle)
      : size_(count + kColumnPadding),
        corners_(new Column<C>[4 * size_]),
        area_(new Column<A>[size_]),
        angle_(has_angle ? new Column<R>[size_] : nullptr) {
    for (int64_t i = count; i < size_; ++i) set(i, Four<Column<C>>{}, A(0), R(0));
  }

  void set(int64_t i, const Four<Column<C>>& box, A area, R angle) {
    for (int j = 0; j < 4; ++j) corners_[j * size_ + i] = box.value[j];
    area_[i] = static_cast<Column<A>>(area);
    if (angle_ != nullptr) angle_[i] = static_cast<Column<R>>(angle);
  }

  BoxColumns<C, A, R> view() const {
    const Column<C>* corners = corners_.get();
    return {corners,     corners + size_, corners + 2 * size_, corners + 3 * size_,
            area_.get(), angle_.get()};
  }

  bool has_nan = false;  // in a corner

 private:
  int64_t size_;
  std::unique_ptr<Column<C>[]> corners_;
  std::unique_ptr<Column<A>[]> area_;
  std::unique_ptr<Column<R>[]> angle_;
};

template <class T>
bool has_nan(const Four<T>& box) {
  const T* v = box.value;
  return is_nan(v[0]) | is_nan(v[1]) | is_nan(v[2]) | is_nan(v[3]);
}

template <class S, class C, class A, class R>
Columns<C, A, R> unpack(const TensorView& boxes, int64_t first_row, int64_t count,
                        const BoxIouRule& rule) {
  const bool has_angle = rule.measure == Measure::ciou;
  const BoxIouRule fixed = rule;  // is not reread after each store
  const int64_t row_step = boxes.strides[boxes.rank - 2], step = boxes.strides[boxes.rank - 1];
  Columns<C, A, R> columns(count, has_angle);
  const S* at = static_cast<const S*>(boxes.data) + (count > 0 ? row_offset(boxes, first_row) : 0);
  for (int64_t i = 0; i < count; ++i, at += row_step) {
    const Four<Exact<S>> row = four_at(at, step);
    const Four<C> box = to_corners(cast<C>(row), layout_of(fixed));
    const Sides<A> sides = sides_of(cast<A>(row), layout_of(fixed), fixed.box_offset);
    A area = sides.first * sides.second;
    const Four<Column<C>> column = cast<Column<C>>(box);
    if (has_nan(column)) {
      columns.has_nan = true;
      if (fixed.nan_corner == NanCorner::spreads) area = area + static_cast<A>(NAN);
    }
    columns.set(i, column, area, has_angle ? diagonal_angle<R>(box) : R(0));
  }
  return columns;
}

// Large enough for the caches to be of no use.
constexpr int64_t kStreamedBytes = int64_t(6) << 20;
// Below this size of the result another thread costs more than it saves.
constexpr int64_t kSharedBytes = int64_t(1) << 20;

int64_t results_per_matrix(const BoxIouCall& call) {
  const int64_t count = call.boxes.shape[call.boxes.rank - 2];
  const int64_t others = call.other_boxes.shape[call.other_boxes.rank - 2];
  return call.rule.pairing == Pairing::aligned ? count : count * others;
}

template <class S, class C, class I, class A, class R>
void fill_matrix(const BoxIouCall& call, int leading, int64_t matrix) {
  const BoxIouRule& rule = call.rule;
  const int64_t count = call.boxes.shape[call.boxes.rank - 2];
  const int64_t others = call.other_boxes.shape[call.other_boxes.rank - 2];
  const Columns<C, A, R> first = unpack<S, C, A, R>(
      call.boxes, broadcast_row(call.boxes, call.result, leading, matrix), count, rule);
  const Columns<C, A, R> second = unpack<S, C, A, R>(
      call.other_boxes, broadcast_row(call.other_boxes, call.result, leading, matrix), others,
      rule);
  const bool aligned = rule.pairing == Pairing::aligned;
  const bool nan_areas_tell =
      rule.nan_corner == NanCorner::spreads && rule.denominator == Denominator::union_area;
  BoxIouJob<C, I, A, R> job;
  job.outer_is_first = aligned || rule.result_order == ResultOrder::first_by_second;
  job.outer = job.outer_is_first ? first.view() : second.view();
  job.inner = job.outer_is_first ? second.view() : first.view();
  job.nans = (first.has_nan || second.has_nan) && !nan_areas_tell ? NanCorners::possible
                                                                  : NanCorners::none;
  const int64_t rows = job.outer_is_first ? count : others;
  const int64_t width = job.outer_is_first ? others : count;
  const int64_t results = results_per_matrix(call);
  const int64_t bytes = results * static_cast<int64_t>(sizeof(R));
  job.inner_count = aligned ? -1 : width;
  job.streams = bytes >= kStreamedBytes;
  job.epsilon = static_cast<R>(call.epsilon);
  job.rule = rule;
  job.result = static_cast<R*>(call.result.data) + matrix * results;
  constexpr int64_t kPairsPerRange = 16384;
  const int64_t grain = aligned ? kPairsPerRange : kPairsPerRange / (width + 1) + 1;
  parallel_for(rows, grain, bytes < kSharedBytes ? 1 : call.threads,
               [&](int64_t begin, int64_t end) { OPSBRIDGE_AT_LEVEL(box_iou(job, begin, end)); });
}

template <class S, class C, class I, class A, class R>
int64_t run(const BoxIouCall& call) {
  const int64_t row = first_row_beyond_bound<S>(call.boxes);
  if (row >= 0) return refused_row(row, 1);
  const int64_t other_row = first_row_beyond_bound<S>(call.other_boxes);
  if (other_row >= 0) return refused_row(other_row, 2);
  const int leading = leading_axes(call.result, call.rule);
  const int64_t matrices = matrix_count(call.result, call.rule);
  const int64_t results = matrices * results_per_matrix(call);
  prefer_huge_pages(call.result.data, results * static_cast<int64_t>(sizeof(R)));
  for (int64_t matrix = 0; matrix < matrices; ++matrix) {
    fill_matrix<S, C, I, A, R>(call, leading, matrix);
  }
  return 0;
}

// Frameworks widen boxes before the measures that need centres, else only sides and areas.
template <class S>
int64_t run_for(const BoxIouCall& call) {
  const BoxIouRule& rule = call.rule;
  if constexpr (std::is_integral_v<S>) {
    return rule.layout == IouLayout::cxcywh ? run<S, float, float, int64_t, float>(call)
                                            : run<S, int64_t, int64_t, int64_t, float>(call);
  } else if constexpr (sizeof(S) == 2) {
    if (rule.widening == Widening::none) return run<S, S, S, S, S>(call);
    const bool has_centres = rule.measure == Measure::diou || rule.measure == Measure::ciou;
    return has_centres ? run<S, float, float, float, float>(call)
                       : run<S, S, float, float, float>(call);
  } else {
    return run<S, S, S, S, S>(call);
  }
}

}  // namespace

int64_t box_iou(const BoxIouCall& call) {
  return with_number_type(call.boxes.dtype,
                          [&](auto zero) { return run_for<decltype(zero)>(call); });
}

}  // namespace opsbridge
