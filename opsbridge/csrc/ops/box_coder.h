// Offsets from anchors to boxes and back. Host and device, but for the logarithm and exponential.
#pragma once

#include "opsbridge/box.h"
#include "opsbridge/rules/box_decode.h"

namespace opsbridge {

template <class T>
struct CentredBox {
  T x, y, width, height;
};

template <class T>
OPSBRIDGE_FN CentredBox<T> centred(const T (&corner)[4], BoxOffset offset,
                                   AnchorCentre centre = AnchorCentre::midpoint) {
  const T width = side(corner[0], corner[2], offset), height = side(corner[1], corner[3], offset);
  if (centre == AnchorCentre::low_and_half_side) {
    return {corner[0] + width * T(0.5), corner[1] + height * T(0.5), width, height};
  }
  return {(corner[0] + corner[2]) * T(0.5), (corner[1] + corner[3]) * T(0.5), width, height};
}

// What the added side length makes a decoded corner lie further in.
template <class T>
struct Insets {
  T low, high;
};

template <class T>
OPSBRIDGE_FN Insets<T> insets(const BoxDecodeRule& rule) {
  if (rule.box_offset == BoxOffset::zero) return {T(0), T(0)};
  return rule.taken_off == TakenOff::high ? Insets<T>{T(0), T(1)} : Insets<T>{T(0.5), T(0.5)};
}

// The offset of one coordinate after normalising.
template <class T>
OPSBRIDGE_FN T normalised(T offset, T mean, T deviation) {
  return (offset - mean) / deviation;
}

template <class T>
OPSBRIDGE_FN T within(T value, T bound) {
  return larger(smaller(value, bound), T(0) - bound);
}

template <class T>
OPSBRIDGE_FN T on_image(T value, T size) {
  return larger(smaller(value, size), T(0));
}

}  // namespace opsbridge
