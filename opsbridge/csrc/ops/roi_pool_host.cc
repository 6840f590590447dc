#include "ops/roi_pool_host.h"

#include "ops/region_work.h"
#include "ops/roi_pool_levels.h"

namespace opsbridge {
namespace {

template <class T>
RoiPoolConfig<T> config_of(const RoiPoolCall& call) {
  const TensorView& features = call.regions.features;
  return RoiPoolConfig<T>{call.rule,
                          held_scale<T>(call.spatial_scale, call.rule.scale_type),
                          call.pooled.shape[2],
                          call.pooled.shape[3],
                          features.shape[1],
                          features.shape[2],
                          features.shape[3]};
}

template <class T>
RoiError check_geometry(const Corners<T>& corners, const RoiPoolConfig<T>& config) {
  RoiError error = pool_axis(corners.y1, corners.y2, config.pooled_height, config).error;
  if (error == RoiError::none) {
    error = pool_axis(corners.x1, corners.x2, config.pooled_width, config).error;
  }
  return config.rule.nonfinite == Nonfinite::zero ? RoiError::none : error;
}

// Checks every region, then hands configuration and inputs to `work`.
template <class S, class T, class Work>
int64_t run_checked(const RoiPoolCall& call, Work work) {
  const RoiPoolConfig<T> config = config_of<T>(call);
  RegionInputs<S> inputs = region_inputs<S>(call.regions);
  std::vector<int64_t> images;
  const int64_t refused = check_regions<T>(
      call.regions, inputs, images,
      [&config](const Corners<T>& corners) { return check_geometry(corners, config); });
  if (refused == 0) work(config, inputs);
  return refused;
}

template <class S, class T>
int64_t run(const RoiPoolCall& call, const TensorView& argmax) {
  return run_checked<S, T>(
      call, [&](const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs) {
        const RoiPoolJob<S, T> job{config, inputs, static_cast<S*>(call.pooled.data),
                                   static_cast<int32_t*>(argmax.data)};
        share_work(inputs.rows, kRowsPerRange, call.threads, [&](int64_t first, int64_t last) {
          bool has_memory = false;
          OPSBRIDGE_AT_LEVEL(has_memory = roi_pool(job, first, last));
          return has_memory;
        });
      });
}

template <class S, class T>
int64_t run_backward(const RoiPoolCall& call, const TensorView& gradient) {
  return run_checked<S, T>(
      call, [&](const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs) {
        RoiPoolGradientJob<S, T> job{config,
                                     inputs,
                                     static_cast<const S*>(call.pooled.data),
                                     {},
                                     static_cast<S*>(gradient.data)};
        for (int axis = 0; axis < 4; ++axis) job.pooled_strides[axis] = call.pooled.strides[axis];
        const int64_t planes = gradient.shape[0] * gradient.shape[1];
        share_work(planes, kPlanesPerRange, call.threads, [&](int64_t first, int64_t last) {
          bool has_memory = false;
          OPSBRIDGE_AT_LEVEL(has_memory = roi_pool_backward(job, first, last));
          return has_memory;
        });
      });
}

}  // namespace

int64_t roi_pool(const RoiPoolCall& call, const TensorView& argmax) {
  return with_region_types(
      call.regions.features.dtype, call.rule.accumulate,
      [&](auto held, auto wide) { return run<decltype(held), decltype(wide)>(call, argmax); });
}

int64_t roi_pool_backward(const RoiPoolCall& call, const TensorView& gradient) {
  return with_region_types(call.regions.features.dtype, call.rule.accumulate,
                           [&](auto held, auto wide) {
                             return run_backward<decltype(held), decltype(wide)>(call, gradient);
                           });
}

}  // namespace opsbridge
