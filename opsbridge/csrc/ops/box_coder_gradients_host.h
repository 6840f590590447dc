// Gradients of encoding and decoding boxes, on host memory.
#pragma once

#include "ops/box_coder_gradients.h"
#include "ops/box_coder_host.h"

namespace opsbridge {

template <class T>
DecodeGradientRow<T> decode_gradient_row(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  return {settings<T>(call.means), bounds_of<T>(call), rule};
}

// `call.result` holds the gradient of the result, contiguous; both gradients are contiguous, of the
// shapes of the anchors and of the others, and of their dtype.
void box_encode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_targets, const BoxEncodeRule& rule);
void box_decode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_offsets, const BoxDecodeRule& rule);

}  // namespace opsbridge
