// RoIAlign and its gradient on host memory: every region is checked, then work is done in parallel.
#pragma once

#include "ops/region_images.h"
#include "opsbridge/rules/roi_align.h"

namespace opsbridge {

struct RoiAlignCall {
  RegionTensors regions;
  TensorView pooled;  // (K, C, PH, PW): the result, contiguous, or the gradient of it
  RoiAlignRule rule;
  double spatial_scale;
  int64_t sampling_ratio;
  int threads;
};

// Each returns zero, or row * 16 + reason (RoiError) for the first region that is refused.
int64_t roi_align(const RoiAlignCall& call);
int64_t roi_align_backward(const RoiAlignCall& call, const TensorView& gradient);

}  // namespace opsbridge
