// Overlaps of two sets of boxes on host memory.
#pragma once

#include "opsbridge/rules/box_iou.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct BoxIouCall {
  TensorView boxes;        // (..., N, 4)
  TensorView other_boxes;  // (..., M, 4), the leading axes broadcast with those of boxes
  TensorView result;       // (..., N, M), (..., M, N) or (..., N), contiguous
  double epsilon;
  BoxIouRule rule;
  int threads;
};

// Zero, or a refused row times 16 plus which tensor it is in: 1 boxes, 2 other_boxes.
int64_t box_iou(const BoxIouCall& call);

}  // namespace opsbridge
