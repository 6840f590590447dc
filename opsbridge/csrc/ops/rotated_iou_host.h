// Overlaps of two sets of rotated boxes on host memory.
#pragma once

#include "ops/box_iou_host.h"

namespace opsbridge {

inline bool is_rotated(IouLayout layout) { return layout >= IouLayout::xywhr; }

// Boxes are matrices of float32 or float64, the result is float32 (N, M).
void rotated_box_iou(const BoxIouCall& call);

}  // namespace opsbridge
