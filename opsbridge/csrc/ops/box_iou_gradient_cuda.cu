// A warp per box. Its lanes differentiate a pair each, and then all of them add the pairs in the
// order of the partners, as the CPU does.
#include <cmath>

#include "ops/box_broadcast.h"
#include "ops/box_gradients.h"
#include "ops/box_iou_device.h"
#include "ops/box_numbers_device.h"

namespace opsbridge {
namespace {

template <class S>
struct SumPairGradients {
  using T = Widened<S>;
  struct Shared {
    TracedBox<T> parts[kWarpSize];
  };
  TensorView own, other, incoming, gradient;
  bool is_first;
  int leading;
  int64_t matrices;
  T epsilon;
  BoxIouRule rule;
  Layout layout;

  template <class Team>
  OPSBRIDGE_MEMBER void operator()(const Team& team, Shared& shared, int64_t row) const {
    const int64_t count = own.shape[own.rank - 2], i = row % count;
    const Four<T> given = cast<T>(exact_row<S>(own, row));
    Four<T> total = {{T(0), T(0), T(0), T(0)}};
    for (int64_t matrix = 0; matrix < matrices; ++matrix) {
      if (broadcast_row(own, incoming, leading, matrix) != row - i) continue;
      const TracedBox<T> sum = sum_of_matrix(team, shared, matrix, given, i);
      const Four<T> more = to_layout(given, sum, layout, rule.box_offset);
      for (int k = 0; k < 4; ++k) total.value[k] = total.value[k] + more.value[k];
    }
    if (team.lane() != 0) return;
    for (int k = 0; k < 4; ++k) put_exact(gradient, 4 * row + k, static_cast<S>(total.value[k]));
  }

  template <class Team>
  OPSBRIDGE_MEMBER TracedBox<T> sum_of_matrix(const Team& team, Shared& shared, int64_t matrix,
                                              const Four<T>& given, int64_t i) const {
    const bool is_aligned = rule.pairing == Pairing::aligned;
    const int64_t partners = other.shape[other.rank - 2];
    const int64_t begin = is_aligned ? i : 0, end = is_aligned ? i + 1 : partners;
    const int64_t first_partner = broadcast_row(other, incoming, leading, matrix);
    const TracedBox<T> box = traced(given);
    const T angle = angle_of(box);
    TracedBox<T> sum = no_gradient<T>();
    for (int64_t from = begin; from < end; from += team.size()) {
      const int64_t j = from + team.lane();
      if (j < end) {
        const TracedBox<T> partner = traced(cast<T>(exact_row<S>(other, first_partner + j)));
        shared.parts[team.lane()] = of_pair(box, partner, angle, incoming_at(matrix, i, j));
      }
      team.sync();
      for (int64_t k = 0; k < team.size() && from + k < end; ++k) add(sum, shared.parts[k]);
      team.sync();
    }
    return sum;
  }

  OPSBRIDGE_MEMBER TracedBox<T> of_pair(const TracedBox<T>& box, const TracedBox<T>& partner,
                                        T angle, T of_overlap) const {
    const T other_angle = angle_of(partner);
    if (is_first) {
      return pair_gradient(box, partner, of_overlap, angle - other_angle, epsilon, rule).first;
    }
    return pair_gradient(partner, box, of_overlap, other_angle - angle, epsilon, rule).second;
  }

  OPSBRIDGE_MEMBER TracedBox<T> traced(const Four<T>& given) const {
    const Four<T> corners = to_corners(given, layout);
    const T* v = corners.value;
    const Sides<T> sides = sides_of(given, layout, rule.box_offset);
    return {v[0], v[1], v[2], v[3], sides.first * sides.second};
  }

  // Only one measure reads it.
  OPSBRIDGE_MEMBER T angle_of(const TracedBox<T>& box) const {
    if (rule.measure != Measure::ciou) return T(0);
    return std::atan((box.x2 - box.x1) / (box.y2 - box.y1));
  }

  OPSBRIDGE_MEMBER T incoming_at(int64_t matrix, int64_t i, int64_t j) const {
    const int64_t count = own.shape[own.rank - 2], partners = other.shape[other.rank - 2];
    if (rule.pairing == Pairing::aligned) return floating_at<T>(incoming, matrix * count + i);
    const int64_t first = is_first ? i : j, second = is_first ? j : i;
    const int64_t first_count = is_first ? count : partners;
    const int64_t second_count = is_first ? partners : count;
    const int64_t place = rule.result_order == ResultOrder::second_by_first
                              ? second * first_count + first
                              : first * second_count + second;
    return floating_at<T>(incoming, matrix * count * partners + place);
  }

  OPSBRIDGE_MEMBER static void add(TracedBox<T>& sum, const TracedBox<T>& more) {
    sum = {sum.x1 + more.x1, sum.y1 + more.y1, sum.x2 + more.x2, sum.y2 + more.y2,
           sum.area + more.area};
  }
};

}  // namespace

void box_iou_gradient_on_device(const Executor& on, Report* report, const BoxIouCall& call,
                                const TensorView& gradient, const TensorView& other_gradient) {
  const int64_t count = row_count(call.boxes), other_count = row_count(call.other_boxes);
  const int leading = leading_axes(call.result, call.rule);
  const int64_t matrices = matrix_count(call.result, call.rule);
  with_floating_type(call.boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    SumPairGradients<S> sum{call.boxes,  call.other_boxes,
                            call.result, gradient,
                            true,        leading,
                            matrices,    static_cast<Widened<S>>(call.epsilon),
                            call.rule,   layout_of(call.rule)};
    on.each_team(count, sum);
    sum.own = call.other_boxes;
    sum.other = call.boxes;
    sum.gradient = other_gradient;
    sum.is_first = false;
    on.each_team(other_count, sum);
  });
}

}  // namespace opsbridge
