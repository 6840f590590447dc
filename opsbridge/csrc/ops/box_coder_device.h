// Encoding boxes as offsets from anchors, and decoding them, in device memory, and the gradients.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "ops/box_coder_gradients_host.h"

namespace opsbridge {

void box_encode_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                          const BoxEncodeRule& rule);
void box_decode_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                          const BoxDecodeRule& rule);
void box_encode_gradient_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                                   const TensorView& of_anchors, const TensorView& of_targets,
                                   const BoxEncodeRule& rule);
void box_decode_gradient_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                                   const TensorView& of_anchors, const TensorView& of_offsets,
                                   const BoxDecodeRule& rule);

}  // namespace opsbridge
