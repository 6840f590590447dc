#include "ops/box_iou_host.h"

#include <memory>

#include "ops/box_broadcast.h"
#include "ops/box_iou_levels.h"
#include "ops/paired_box.h"
#include "opsbridge/dispatch.h"
#include "runtime/huge_pages.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

template <class S>
int64_t first_row_beyond_bound(const TensorView& view) {
  if constexpr (std::is_integral_v<S>) {
    for (int64_t row = 0, count = row_count(view); row < count; ++row) {
      if (!is_within_bound(read_row<S>(view, row))) return row;
    }
  }
  return -1;
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
    for (int64_t i = count; i < size_; ++i) {
      set(i, PairedBox<C, A, R>{C(0), C(0), C(0), C(0), A(0), R(0)});
    }
  }

  void set(int64_t i, const PairedBox<C, A, R>& box) {
    const Four<Column<C>> corners = cast<Column<C>>(Four<C>{{box.x1, box.y1, box.x2, box.y2}});
    for (int j = 0; j < 4; ++j) corners_[j * size_ + i] = corners.value[j];
    area_[i] = static_cast<Column<A>>(box.area);
    if (angle_ != nullptr) angle_[i] = static_cast<Column<R>>(box.angle);
    if (opsbridge::has_nan(corners)) has_nan = true;
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

template <class S, class C, class A, class R>
Columns<C, A, R> unpack(const TensorView& boxes, int64_t first_row, int64_t count,
                        const BoxIouRule& rule) {
  const BoxIouRule fixed = rule;  // is not reread after each store
  const int64_t row_step = boxes.strides[boxes.rank - 2], step = boxes.strides[boxes.rank - 1];
  Columns<C, A, R> columns(count, fixed.measure == Measure::ciou);
  const S* at = static_cast<const S*>(boxes.data) + (count > 0 ? row_offset(boxes, first_row) : 0);
  for (int64_t i = 0; i < count; ++i, at += row_step) {
    columns.set(i, paired_box<C, A, R>(four_at(at, step), fixed));
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
  BoxIouJob<C, I, A, R> job;
  job.outer_is_first = aligned || rule.result_order == ResultOrder::first_by_second;
  job.outer = job.outer_is_first ? first.view() : second.view();
  job.inner = job.outer_is_first ? second.view() : first.view();
  job.nans = (first.has_nan || second.has_nan) && !nan_areas_tell(rule) ? NanCorners::possible
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

template <class S>
int64_t run_for(const BoxIouCall& call) {
  return with_iou_types<S>(call.rule, [&](auto types) {
    using T = decltype(types);
    return run<S, typename T::Corner, typename T::Length, typename T::Area, typename T::Result>(
        call);
  });
}

}  // namespace

int64_t box_iou(const BoxIouCall& call) {
  return with_number_type(call.boxes.dtype,
                          [&](auto zero) { return run_for<decltype(zero)>(call); });
}

}  // namespace opsbridge
