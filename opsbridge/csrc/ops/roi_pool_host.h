// RoI pooling and its gradient on host memory: every region is checked, then work is shared out.
#pragma once

#include "ops/region_images.h"
#include "ops/roi_pool.h"

namespace opsbridge {

struct RoiPoolCall {
  RegionTensors regions;
  TensorView pooled;  // (K, C, PH, PW): the result, contiguous, or the gradient of it
  RoiPoolRule rule;
  double spatial_scale;
  int threads;
};

template <class T>
RoiPoolConfig<T> roi_pool_config(const RoiPoolCall& call) {
  const TensorView& features = call.regions.features;
  return RoiPoolConfig<T>{call.rule,
                          held_scale<T>(call.spatial_scale, call.rule.scale_type),
                          call.pooled.shape[2],
                          call.pooled.shape[3],
                          features.shape[1],
                          features.shape[2],
                          features.shape[3]};
}

// Each returns zero, or row * 16 + reason (RoiError) for the first region that is refused.
// `argmax` (int32, like the result) may be absent; the gradient of a maximum then looks for it
// again.
int64_t roi_pool(const RoiPoolCall& call, const TensorView& argmax);
int64_t roi_pool_backward(const RoiPoolCall& call, const TensorView& argmax,
                          const TensorView& gradient);

}  // namespace opsbridge
