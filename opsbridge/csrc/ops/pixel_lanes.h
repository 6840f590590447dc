// Arithmetic on one pixel of a channel block: the operators that the shared headers use, lane by
// lane, each rounding once, to the type T that a kernel computes in. Once per level, host only.
#pragma once

#include "ops/channel_blocks.h"
#include "opsbridge/numeric.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

using opsbridge::larger;

// As many vectors of the level as fill a cache line.
template <class T>
struct PixelLanes {
  static constexpr int kParts = kPixelBytes / kVectorBytes;
  Vector<T> part[kParts];
};

// A 16-bit float computes in float and rounds after every operation; what its lanes are multiplied
// or divided by is widened before.
template <class Format>
struct PixelLanes<SmallFloat<Format>> {
  PixelLanes<float> wide;
};

template <class T>
OPSBRIDGE_FN void load_pixel(PixelLanes<T>& lanes, const T* from) {
  for (int i = 0; i < lanes.kParts; ++i) lanes.part[i] = load_lanes(from + i * kLanes<T>);
}
template <class F>
OPSBRIDGE_FN void load_pixel(PixelLanes<SmallFloat<F>>& lanes, const float* from) {
  load_pixel(lanes.wide, from);
}

template <class T>
OPSBRIDGE_FN void store_pixel(T* to, const PixelLanes<T>& lanes) {
  for (int i = 0; i < lanes.kParts; ++i) store_lanes(to + i * kLanes<T>, lanes.part[i]);
}
template <class F>
OPSBRIDGE_FN void store_pixel(float* to, const PixelLanes<SmallFloat<F>>& lanes) {
  store_pixel(to, lanes.wide);
}

template <class T>
OPSBRIDGE_FN PixelLanes<T> pixel_at(const LaneOf<T>* from) {
  PixelLanes<T> lanes;
  load_pixel(lanes, from);
  return lanes;
}

template <class T>
OPSBRIDGE_FN void fill_pixel(PixelLanes<T>& lanes, T value) {
  for (int i = 0; i < lanes.kParts; ++i) lanes.part[i] = all_lanes(value);
}
template <class F>
OPSBRIDGE_FN void fill_pixel(PixelLanes<SmallFloat<F>>& lanes, SmallFloat<F> value) {
  fill_pixel(lanes.wide, float(value));
}

template <class T>
OPSBRIDGE_FN PixelLanes<T> pixel_of(T value) {
  PixelLanes<T> lanes;
  fill_pixel(lanes, value);
  return lanes;
}

template <class F>
OPSBRIDGE_FN PixelLanes<SmallFloat<F>> rounded(PixelLanes<float> lanes) {
  for (int i = 0; i < lanes.kParts; ++i) {
    lanes.part[i] = rounded_lanes<SmallFloat<F>>(lanes.part[i]);
  }
  return PixelLanes<SmallFloat<F>>{lanes};
}

template <class T>
OPSBRIDGE_FN PixelLanes<T> operator+(PixelLanes<T> a, const PixelLanes<T>& b) {
  for (int i = 0; i < a.kParts; ++i) a.part[i] = a.part[i] + b.part[i];
  return a;
}
template <class T>
OPSBRIDGE_FN PixelLanes<T> operator*(T a, PixelLanes<T> b) {
  for (int i = 0; i < b.kParts; ++i) b.part[i] = a * b.part[i];
  return b;
}
template <class T>
OPSBRIDGE_FN PixelLanes<T> operator*(PixelLanes<T> a, T b) {
  for (int i = 0; i < a.kParts; ++i) a.part[i] = a.part[i] * b;
  return a;
}
template <class T>
OPSBRIDGE_FN PixelLanes<T> operator/(PixelLanes<T> a, T b) {
  for (int i = 0; i < a.kParts; ++i) a.part[i] = a.part[i] / b;
  return a;
}

template <class F>
OPSBRIDGE_FN PixelLanes<SmallFloat<F>> operator+(const PixelLanes<SmallFloat<F>>& a,
                                                 const PixelLanes<SmallFloat<F>>& b) {
  return rounded<F>(a.wide + b.wide);
}
template <class F>
OPSBRIDGE_FN PixelLanes<SmallFloat<F>> operator*(float a, const PixelLanes<SmallFloat<F>>& b) {
  return rounded<F>(a * b.wide);
}
template <class F>
OPSBRIDGE_FN PixelLanes<SmallFloat<F>> operator*(const PixelLanes<SmallFloat<F>>& a, float b) {
  return rounded<F>(a.wide * b);
}
template <class F>
OPSBRIDGE_FN PixelLanes<SmallFloat<F>> operator/(const PixelLanes<SmallFloat<F>>& a, float b) {
  return rounded<F>(a.wide / b);
}

template <class T>
OPSBRIDGE_FN PixelLanes<T> larger(PixelLanes<T> a, const PixelLanes<T>& b) {
  for (int i = 0; i < a.kParts; ++i) a.part[i] = larger(a.part[i], b.part[i]);
  return a;
}
template <class F>
OPSBRIDGE_FN PixelLanes<SmallFloat<F>> larger(const PixelLanes<SmallFloat<F>>& a,
                                              const PixelLanes<SmallFloat<F>>& b) {
  return PixelLanes<SmallFloat<F>>{larger(a.wide, b.wide)};
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
