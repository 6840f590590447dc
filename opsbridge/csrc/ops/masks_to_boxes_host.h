// The boxes around masks, on host memory.
#pragma once

#include "opsbridge/rules/masks_to_boxes.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// Masks (N, H, W) of any number type; boxes (N, 4) of float32, contiguous.
void masks_to_boxes(const TensorView& masks, const TensorView& boxes, const MasksToBoxesRule& rule,
                    int threads);

}  // namespace opsbridge
