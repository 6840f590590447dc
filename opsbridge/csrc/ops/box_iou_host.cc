#include "ops/box_iou_host.h"

#include <cmath>
#include <vector>

#include "ops/box_broadcast.h"
#include "ops/box_iou_levels.h"
#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"
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

// One matrix of boxes, unpacked: corners and area as the framework computes them.
template <class C, class A, class R>
struct Columns {
  std::vector<C> x1, y1, x2, y2;
  std::vector<A> area;
  std::vector<R> angle;

  BoxColumns<C, A, R> view() const {
    return {x1.data(), y1.data(), x2.data(), y2.data(), area.data(), angle.data()};
  }
};

template <class S, class C, class A, class R>
Columns<C, A, R> unpack(const TensorView& boxes, int64_t first_row, int64_t count,
                        const BoxIouRule& rule) {
  const size_t size = static_cast<size_t>(count);
  const bool has_angle = rule.measure == Measure::ciou;
  Columns<C, A, R> columns{std::vector<C>(size), std::vector<C>(size),
                           std::vector<C>(size), std::vector<C>(size),
                           std::vector<A>(size), std::vector<R>(has_angle ? size : 0)};
  for (size_t i = 0; i < size; ++i) {
    const Four<Exact<S>> row = read_row<S>(boxes, first_row + static_cast<int64_t>(i));
    const Four<C> box = to_corners(cast<C>(row), rule.layout);
    columns.x1[i] = box.value[0];
    columns.y1[i] = box.value[1];
    columns.x2[i] = box.value[2];
    columns.y2[i] = box.value[3];
    const Sides<A> sides = sides_of(cast<A>(row), rule.layout, rule.box_offset);
    columns.area[i] = sides.first * sides.second;
    if (has_angle) {
      const R slope =
          static_cast<R>(box.value[2] - box.value[0]) / static_cast<R>(box.value[3] - box.value[1]);
      columns.angle[i] = static_cast<R>(std::atan(static_cast<double>(slope)));
    }
  }
  return columns;
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
  const int64_t rows = job.outer_is_first ? count : others;
  const int64_t width = job.outer_is_first ? others : count;
  job.inner_count = aligned ? -1 : width;
  job.epsilon = static_cast<R>(call.epsilon);
  job.rule = rule;
  job.result = static_cast<R*>(call.result.data) + matrix * (aligned ? count : count * others);
  constexpr int64_t kPairsPerRange = 16384;
  const int64_t grain = kPairsPerRange / (aligned ? 1 : width + 1) + 1;
  parallel_for(rows, grain, call.threads,
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
    return rule.layout == Layout::cxcywh ? run<S, float, float, int64_t, float>(call)
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
