// RoIAlign and its gradient on host memory: every region is checked, then work is done in parallel.
#pragma once

#include "ops/region_images.h"
#include "ops/roi_align.h"

namespace opsbridge {

struct RoiAlignCall {
  RegionTensors regions;
  TensorView pooled;  // (K, C, PH, PW): the result, contiguous, or the gradient of it
  RoiAlignRule rule;
  double spatial_scale;
  int64_t sampling_ratio;
  int threads;
};

template <class T>
RoiAlignConfig<T> roi_align_config(const RoiAlignCall& call) {
  const TensorView& features = call.regions.features;
  RoiAlignConfig<T> config;
  config.rule = call.rule;
  config.scale = held_scale<T>(call.spatial_scale, call.rule.scale_type);
  config.sampling_ratio = call.sampling_ratio;
  config.pooled_height = call.pooled.shape[2];
  config.pooled_width = call.pooled.shape[3];
  config.channels = features.shape[1];
  config.height = features.shape[2];
  config.width = features.shape[3];
  return config;
}

// Each returns zero, or row * 16 + reason (RoiError) for the first region that is refused.
int64_t roi_align(const RoiAlignCall& call);
int64_t roi_align_backward(const RoiAlignCall& call, const TensorView& gradient);

}  // namespace opsbridge
