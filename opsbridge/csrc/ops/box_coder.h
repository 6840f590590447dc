// Offsets from anchors to boxes and back. Host and device, but for the logarithm and exponential.
#pragma once

#include "opsbridge/box.h"

namespace opsbridge {

template <class T>
struct CentredBox {
  T x, y, width, height;
};

template <class T>
OPSBRIDGE_FN CentredBox<T> centred(const T (&corner)[4], BoxOffset offset) {
  return {(corner[0] + corner[2]) * T(0.5), (corner[1] + corner[3]) * T(0.5),
          side(corner[0], corner[2], offset), side(corner[1], corner[3], offset)};
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
