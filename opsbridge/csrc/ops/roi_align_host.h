// RoIAlign on host memory: every region is checked, then rows are filled in parallel.
#pragma once

#include "opsbridge/rules/roi_align.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct RoiAlignCall {
  TensorView features;       // (N, C, H, W)
  TensorView rois;           // (K, 5), or (K, 4) with batch_indices
  TensorView batch_indices;  // int64 (K,), or (N,) counts of regions, may be absent
  TensorView pooled;         // (K, C, PH, PW), contiguous
  RoiAlignRule rule;
  double spatial_scale;
  int64_t sampling_ratio;
  int threads;
};

// Zero, or row * 16 + reason (RoiError) for the first region that is refused.
int64_t roi_align(const RoiAlignCall& call);

}  // namespace opsbridge
