// Encoding boxes as offsets from anchors, and decoding them, on host memory.
#pragma once

#include "ops/box_coder.h"
#include "opsbridge/rules/box_decode.h"
#include "opsbridge/rules/box_encode.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct BoxCoderCall {
  TensorView anchors;  // (N, 4)
  TensorView others;   // (N, 4): target boxes to encode, or offsets to decode
  TensorView result;   // (N, 4), contiguous
  double means[4], deviations[4];
  double height, width;  // of the image, for decoding
  double ratio_clip;     // smallest ratio of sides, for decoding
};

// What a call makes of each row.
template <class T>
EncodeRow<T> encode_row(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  return {settings_of<T>(call.means), settings_of<T>(call.deviations), rule.box_offset};
}

template <class T>
DecodeRow<T> decode_row(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  return {settings_of<T>(call.means),        settings_of<T>(call.deviations),
          clip_of_ratio<T>(call.ratio_clip), static_cast<T>(call.width),
          static_cast<T>(call.height),       rule.box_offset};
}

void box_encode(const BoxCoderCall& call, const BoxEncodeRule& rule);
void box_decode(const BoxCoderCall& call, const BoxDecodeRule& rule);

}  // namespace opsbridge
