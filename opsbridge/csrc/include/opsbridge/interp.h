// Bilinear interpolation along one axis. Plain C++17, host and device.
#pragma once

#include <cstdint>

#include "opsbridge/numeric.h"

namespace opsbridge {

// The two neighbours of a position and their weights.
template <class T>
struct Tap {
  int64_t low, high;
  T low_weight, high_weight;
};

// A sample up to one pixel outside is still used, clamped to the edge; a NaN never is.
template <class T>
OPSBRIDGE_FN bool is_usable(T position, int64_t size) {
  return position >= T(-1) && position <= T(size);
}

template <class T>
OPSBRIDGE_FN Tap<T> tap_at(T position, int64_t size) {
  position = larger(position, T(0));
  int64_t low = static_cast<int64_t>(position);
  int64_t high = low + 1;
  if (low >= size - 1) {
    low = high = size - 1;
    position = static_cast<T>(low);
  }
  const T high_weight = position - static_cast<T>(low);
  return Tap<T>{low, high, T(1) - high_weight, high_weight};
}

}  // namespace opsbridge
