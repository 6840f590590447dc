#include "ops/box_coder_gradients_host.h"

#include <cmath>
#include <vector>

#include "ops/box_coder.h"
#include "ops/box_coder_grid.h"
#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// The gradients of 16-bit floats are computed in float32 and rounded once.
template <class S>
using Wide = std::conditional_t<sizeof(S) == 2, float, S>;

// One axis of a box: where its centre lies and how long its side is, or the gradients of these.
template <class T>
struct Span {
  T centre, length;
};

template <class T>
Span<T> span_of(const Four<T>& corners, int axis, BoxOffset offset,
                AnchorCentre centre = AnchorCentre::midpoint) {
  const CentredBox<T> box = centred(corners.value, offset, centre);
  return axis == 0 ? Span<T>{box.x, box.width} : Span<T>{box.y, box.height};
}

// Both ways to the centre have one derivative.
template <class T>
void pass_to_corners(const Span<T>& gradient, int axis, Four<T>& corners) {
  corners.value[axis] += T(0.5) * gradient.centre - gradient.length;
  corners.value[axis + 2] += T(0.5) * gradient.centre + gradient.length;
}

template <class S, class T>
void write_rows(const TensorView& view, const std::vector<Four<T>>& rows) {
  for (size_t row = 0; row < rows.size(); ++row) {
    S* result = result_row<S>(view, static_cast<int64_t>(row), 4);
    for (int i = 0; i < 4; ++i) result[i] = static_cast<S>(rows[row].value[i]);
  }
}

// Calls `differentiate(anchor, other, deviations, incoming, of_anchor, of_other)` for each row of
// the result; it adds to the last two, since a row may meet several others.
template <class S, class Rule, class F>
void for_each_row(const BoxCoderCall& call, const TensorView& of_anchors,
                  const TensorView& of_others, const Rule& rule, F differentiate) {
  using T = Wide<S>;
  std::vector<Four<T>> anchor_sums(static_cast<size_t>(row_count(call.anchors)), Four<T>{});
  std::vector<Four<T>> other_sums(static_cast<size_t>(row_count(call.others)), Four<T>{});
  const Four<T> shared = settings<T>(call.deviations);
  for_each_pair(grid_of(call, rule), [&](int64_t row, int64_t anchor, int64_t other) {
    differentiate(cast<T>(read_row<S>(call.anchors, anchor)),
                  cast<T>(read_row<S>(call.others, other)),
                  deviations_of<S, T>(call, anchor, shared), cast<T>(read_row<S>(call.result, row)),
                  anchor_sums[static_cast<size_t>(anchor)], other_sums[static_cast<size_t>(other)]);
  });
  write_rows<S>(of_anchors, anchor_sums);
  write_rows<S>(of_others, other_sums);
}

}  // namespace

void box_encode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_targets, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using T = Wide<decltype(zero)>;
    for_each_row<decltype(zero)>(
        call, of_anchors, of_targets, rule,
        [&](const Four<T>& anchor_row, const Four<T>& target_row, const Four<T>& deviations,
            const Four<T>& incoming, Four<T>& of_anchor, Four<T>& of_target) {
          for (int axis = 0; axis < 2; ++axis) {
            const Span<T> anchor = span_of(anchor_row, axis, rule.box_offset, rule.anchor_centre);
            const Span<T> target = span_of(target_row, axis, rule.box_offset);
            const T of_shift = incoming.value[axis] / deviations.value[axis];
            const T of_ratio = incoming.value[axis + 2] / deviations.value[axis + 2];
            const T step = of_shift / anchor.length;
            const T shift = (target.centre - anchor.centre) / anchor.length;
            pass_to_corners<T>({step, of_ratio / target.length}, axis, of_target);
            pass_to_corners<T>({-step, -step * shift - of_ratio / anchor.length}, axis, of_anchor);
          }
        });
  });
}

void box_decode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_offsets, const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using T = Wide<decltype(zero)>;
    const Four<T> means = settings<T>(call.means);
    const T clip = bound_of<T>(call.ratio_clip);
    const Insets<T> inset = insets<T>(rule);
    const bool is_cut = !std::isnan(call.width);
    for_each_row<decltype(zero)>(
        call, of_anchors, of_offsets, rule,
        [&](const Four<T>& anchor_row, const Four<T>& offsets, const Four<T>& deviations,
            const Four<T>& incoming, Four<T>& of_anchor, Four<T>& of_offset) {
          for (int axis = 0; axis < 2; ++axis) {
            const Span<T> anchor = span_of(anchor_row, axis, rule.box_offset, rule.anchor_centre);
            const T deviation[2] = {deviations.value[axis], deviations.value[axis + 2]};
            const T shift = offsets.value[axis] * deviation[0] + means.value[axis];
            const T ratio = offsets.value[axis + 2] * deviation[1] + means.value[axis + 2];
            const T growth = std::exp(within(ratio, clip));
            const T centre = shift * anchor.length + anchor.centre;
            const T reach = growth * anchor.length * T(0.5);
            const T size = static_cast<T>(axis == 0 ? call.width : call.height);
            // What is cut to the image passes its gradient only strictly inside.
            const T low = centre - reach + inset.low, high = centre + reach - inset.high;
            const T of_low = !is_cut || (low > T(0) && low < size) ? incoming.value[axis] : T(0);
            const T of_high =
                !is_cut || (high > T(0) && high < size) ? incoming.value[axis + 2] : T(0);
            const T of_centre = of_low + of_high, of_length = (of_high - of_low) * T(0.5);
            const bool is_free = ratio > -clip && ratio < clip;
            of_offset.value[axis] += of_centre * anchor.length * deviation[0];
            of_offset.value[axis + 2] +=
                is_free ? of_length * growth * anchor.length * deviation[1] : T(0);
            pass_to_corners<T>({of_centre, of_centre * shift + of_length * growth}, axis,
                               of_anchor);
          }
        });
  });
}

}  // namespace opsbridge
