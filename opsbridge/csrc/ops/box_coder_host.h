// Encoding boxes as offsets from anchors, and decoding them, on host memory.
#pragma once

#include <limits>

#include "ops/box_coder.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct BoxCoderCall {
  TensorView anchors;             // (N, 4)
  TensorView others;              // (..., 4): target boxes to encode, or offsets to decode
  TensorView anchor_deviations;   // (N, 4) or (4,) in place of `deviations`, or absent
  TensorView result;              // (..., 4), contiguous
  float means[4], deviations[4];  // frameworks hold them in float32, whatever the boxes are
  double height, width;           // of the image, for decoding; NaN: boxes are not cut
  double ratio_clip;              // smallest ratio of sides, for decoding; NaN: any ratio
};

template <class T>
Four<T> settings(const float (&values)[4]) {
  Four<T> four;
  for (int i = 0; i < 4; ++i) four.value[i] = static_cast<T>(values[i]);
  return four;
}

// The bound of the logarithm of a ratio of sides; infinite where there is none.
template <class T>
T bound_of(double ratio_clip) {
  if (std::isnan(ratio_clip)) return static_cast<T>(std::numeric_limits<float>::infinity());
  return static_cast<T>(std::fabs(std::log(static_cast<float>(ratio_clip))));
}

template <class T>
DecodeBounds<T> bounds_of(const BoxCoderCall& call) {
  return {bound_of<T>(call.ratio_clip), !std::isnan(call.width), static_cast<T>(call.width),
          static_cast<T>(call.height)};
}

// What a call makes of each row.
template <class T>
EncodeRow<T> encode_row(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  return {settings<T>(call.means), rule};
}

template <class T>
DecodeRow<T> decode_row(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  return {settings<T>(call.means), bounds_of<T>(call), rule};
}

void box_encode(const BoxCoderCall& call, const BoxEncodeRule& rule);
void box_decode(const BoxCoderCall& call, const BoxDecodeRule& rule);

}  // namespace opsbridge
