// Gradients of encoding and decoding one box. Host and device.
#pragma once

#include "ops/box_coder.h"

namespace opsbridge {

// One axis of a box: where its centre lies and how long its side is, or the gradients of these.
template <class T>
struct Span {
  T centre, length;
};

template <class T>
OPSBRIDGE_FN Span<T> span_of(const Four<T>& corners, int axis, BoxOffset offset,
                             AnchorCentre centre = AnchorCentre::midpoint) {
  const CentredBox<T> box = centred(corners.value, offset, centre);
  return axis == 0 ? Span<T>{box.x, box.width} : Span<T>{box.y, box.height};
}

// Both ways to the centre have one derivative.
template <class T>
OPSBRIDGE_FN void pass_to_corners(const Span<T>& gradient, int axis, Four<T>& corners) {
  corners.value[axis] = T(0.5) * gradient.centre - gradient.length;
  corners.value[axis + 2] = T(0.5) * gradient.centre + gradient.length;
}

template <class T>
struct CoderGradients {
  Four<T> of_anchor, of_other;
};

template <class T>
OPSBRIDGE_FN void add(const Four<T>& more, Four<T>& sum) {
  for (int i = 0; i < 4; ++i) sum.value[i] += more.value[i];
}

template <class T>
struct EncodeGradientRow {
  BoxEncodeRule rule;

  OPSBRIDGE_MEMBER CoderGradients<T> operator()(const Four<T>& anchor_row,
                                                const Four<T>& target_row,
                                                const Four<T>& deviations,
                                                const Four<T>& incoming) const {
    CoderGradients<T> to;
    for (int axis = 0; axis < 2; ++axis) {
      const Span<T> anchor = span_of(anchor_row, axis, rule.box_offset, rule.anchor_centre);
      const Span<T> target = span_of(target_row, axis, rule.box_offset);
      const T of_shift = incoming.value[axis] / deviations.value[axis];
      const T of_ratio = incoming.value[axis + 2] / deviations.value[axis + 2];
      const T step = of_shift / anchor.length;
      const T shift = (target.centre - anchor.centre) / anchor.length;
      pass_to_corners<T>({step, of_ratio / target.length}, axis, to.of_other);
      pass_to_corners<T>({-step, -step * shift - of_ratio / anchor.length}, axis, to.of_anchor);
    }
    return to;
  }
};

template <class T>
struct DecodeGradientRow {
  Four<T> means;
  DecodeBounds<T> bounds;
  BoxDecodeRule rule;

  // What is cut to the image passes its gradient only strictly inside.
  OPSBRIDGE_MEMBER T of_corner(T corner, T size, T incoming) const {
    return !bounds.is_cut || (corner > T(0) && corner < size) ? incoming : T(0);
  }

  OPSBRIDGE_MEMBER CoderGradients<T> operator()(const Four<T>& anchor_row, const Four<T>& offsets,
                                                const Four<T>& deviations,
                                                const Four<T>& incoming) const {
    CoderGradients<T> to;
    const Insets<T> inset = insets<T>(rule);
    for (int axis = 0; axis < 2; ++axis) {
      const Span<T> anchor = span_of(anchor_row, axis, rule.box_offset, rule.anchor_centre);
      const T deviation[2] = {deviations.value[axis], deviations.value[axis + 2]};
      const T shift = offsets.value[axis] * deviation[0] + means.value[axis];
      const T ratio = offsets.value[axis + 2] * deviation[1] + means.value[axis + 2];
      const T growth = std::exp(within(ratio, bounds.clip));
      const T centre = shift * anchor.length + anchor.centre;
      const T reach = growth * anchor.length * T(0.5);
      const T size = axis == 0 ? bounds.width : bounds.height;
      const T of_low = of_corner(centre - reach + inset.low, size, incoming.value[axis]);
      const T of_high = of_corner(centre + reach - inset.high, size, incoming.value[axis + 2]);
      const T of_centre = of_low + of_high, of_length = (of_high - of_low) * T(0.5);
      const bool is_free = ratio > -bounds.clip && ratio < bounds.clip;
      to.of_other.value[axis] = of_centre * anchor.length * deviation[0];
      to.of_other.value[axis + 2] =
          is_free ? of_length * growth * anchor.length * deviation[1] : T(0);
      pass_to_corners<T>({of_centre, of_centre * shift + of_length * growth}, axis, to.of_anchor);
    }
    return to;
  }
};

}  // namespace opsbridge
