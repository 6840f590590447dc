#include "ops/box_coder_gradients_host.h"

#include <cmath>

#include "ops/box_coder.h"
#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// The gradients of 16-bit floats are computed in float32 and rounded once.
template <class S>
using Wide = std::conditional_t<sizeof(S) == 2, float, S>;

// Frameworks hold their settings in float32, whatever the boxes are.
template <class T>
T setting(double value) {
  return static_cast<T>(static_cast<float>(value));
}

// One axis of a box: where its centre lies and how long its side is, or the gradients of these.
template <class T>
struct Span {
  T centre, length;
};

template <class T>
Span<T> span_of(const Four<T>& corners, int axis, BoxOffset offset) {
  const T low = corners.value[axis], high = corners.value[axis + 2];
  return {(low + high) * T(0.5), side(low, high, offset)};
}

template <class T>
void pass_to_corners(const Span<T>& gradient, int axis, Four<T>& corners) {
  corners.value[axis] = T(0.5) * gradient.centre - gradient.length;
  corners.value[axis + 2] = T(0.5) * gradient.centre + gradient.length;
}

template <class S, class T>
void write_row(const TensorView& view, int64_t row, const Four<T>& numbers) {
  S* result = result_row<S>(view, row, 4);
  for (int i = 0; i < 4; ++i) result[i] = static_cast<S>(numbers.value[i]);
}

// Calls `differentiate(anchor, other, incoming, of_anchor, of_other)` for each row.
template <class S, class F>
void for_each_row(const BoxCoderCall& call, const TensorView& of_anchors,
                  const TensorView& of_others, F differentiate) {
  using T = Wide<S>;
  for (int64_t row = 0, count = row_count(call.anchors); row < count; ++row) {
    Four<T> of_anchor, of_other;
    differentiate(cast<T>(read_row<S>(call.anchors, row)), cast<T>(read_row<S>(call.others, row)),
                  cast<T>(read_row<S>(call.result, row)), of_anchor, of_other);
    write_row<S>(of_anchors, row, of_anchor);
    write_row<S>(of_others, row, of_other);
  }
}

}  // namespace

void box_encode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_targets, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using T = Wide<decltype(zero)>;
    for_each_row<decltype(zero)>(
        call, of_anchors, of_targets,
        [&](const Four<T>& anchor_row, const Four<T>& target_row, const Four<T>& incoming,
            Four<T>& of_anchor, Four<T>& of_target) {
          for (int axis = 0; axis < 2; ++axis) {
            const Span<T> anchor = span_of(anchor_row, axis, rule.box_offset);
            const Span<T> target = span_of(target_row, axis, rule.box_offset);
            const T of_shift = incoming.value[axis] / setting<T>(call.deviations[axis]);
            const T of_ratio = incoming.value[axis + 2] / setting<T>(call.deviations[axis + 2]);
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
    const T clip = static_cast<T>(std::fabs(std::log(static_cast<float>(call.ratio_clip))));
    const T inset = rule.box_offset == BoxOffset::one ? T(0.5) : T(0);
    for_each_row<decltype(zero)>(
        call, of_anchors, of_offsets,
        [&](const Four<T>& anchor_row, const Four<T>& offsets, const Four<T>& incoming,
            Four<T>& of_anchor, Four<T>& of_offset) {
          for (int axis = 0; axis < 2; ++axis) {
            const Span<T> anchor = span_of(anchor_row, axis, rule.box_offset);
            const T deviation[2] = {setting<T>(call.deviations[axis]),
                                    setting<T>(call.deviations[axis + 2])};
            const T shift = offsets.value[axis] * deviation[0] + setting<T>(call.means[axis]);
            const T ratio =
                offsets.value[axis + 2] * deviation[1] + setting<T>(call.means[axis + 2]);
            const T growth = std::exp(within(ratio, clip));
            const T centre = shift * anchor.length + anchor.centre;
            const T reach = growth * anchor.length * T(0.5) - inset;
            const T size = static_cast<T>(axis == 0 ? call.width : call.height);
            // What is cut to the image passes its gradient only strictly inside.
            const T low = centre - reach, high = centre + reach;
            const T of_low = low > T(0) && low < size ? incoming.value[axis] : T(0);
            const T of_high = high > T(0) && high < size ? incoming.value[axis + 2] : T(0);
            const T of_centre = of_low + of_high, of_length = (of_high - of_low) * T(0.5);
            const bool is_free = ratio > -clip && ratio < clip;
            of_offset.value[axis] = of_centre * anchor.length * deviation[0];
            of_offset.value[axis + 2] =
                is_free ? of_length * growth * anchor.length * deviation[1] : T(0);
            pass_to_corners<T>({of_centre, of_centre * shift + of_length * growth}, axis,
                               of_anchor);
          }
        });
  });
}

}  // namespace opsbridge
