// Encoding boxes as offsets from anchors, and decoding them, on host memory.
#pragma once

#include "opsbridge/rules/box_decode.h"
#include "opsbridge/rules/box_encode.h"
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

void box_encode(const BoxCoderCall& call, const BoxEncodeRule& rule);
void box_decode(const BoxCoderCall& call, const BoxDecodeRule& rule);

}  // namespace opsbridge
