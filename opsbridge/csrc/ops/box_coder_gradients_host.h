// Gradients of encoding and decoding boxes, on host memory.
#pragma once

#include "ops/box_coder_gradients.h"
#include "ops/box_coder_host.h"

namespace opsbridge {

template <class T>
EncodeGradientRow<T> encode_gradient_row(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  return {settings_of<T>(call.deviations), rule.box_offset};
}

template <class T>
DecodeGradientRow<T> decode_gradient_row(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  return {settings_of<T>(call.means),        settings_of<T>(call.deviations),
          clip_of_ratio<T>(call.ratio_clip), static_cast<T>(call.width),
          static_cast<T>(call.height),       rule.box_offset};
}

// `call.result` holds the gradient of the result, contiguous; both gradients are (N, 4),
// contiguous, of the dtype of the anchors.
void box_encode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_targets, const BoxEncodeRule& rule);
void box_decode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_offsets, const BoxDecodeRule& rule);

}  // namespace opsbridge
