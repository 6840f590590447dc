#include "ops/roi_align_host.h"

#include "ops/region_work.h"
#include "ops/roi_align_levels.h"

namespace opsbridge {
namespace {

template <class T>
RoiAlignConfig<T> config_of(const RoiAlignCall& call) {
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

// What the rule says about an error of geometry: refuse it, or leave the row to be zeroed.
RoiError judged(RoiError error, const RoiAlignRule& rule) {
  const bool is_zeroed =
      (error == RoiError::negative_size && rule.negative_size == NegativeSize::zero) ||
      ((error == RoiError::nonfinite || error == RoiError::overflow) &&
       rule.nonfinite == Nonfinite::zero);
  return is_zeroed ? RoiError::none : error;
}

template <class T>
RoiError check_geometry(const Corners<T>& corners, const RoiAlignConfig<T>& config) {
  const RoiAxis<T> y = roi_axis(corners.y1, corners.y2, config.pooled_height, config);
  const RoiAxis<T> x = roi_axis(corners.x1, corners.x2, config.pooled_width, config);
  // What is zeroed along one axis does not excuse what is refused along the other.
  for (RoiError error : {judged(y.error, config.rule), judged(x.error, config.rule)}) {
    if (error != RoiError::none) return error;
  }
  const bool is_zero_row = y.error != RoiError::none || x.error != RoiError::none;
  return is_zero_row ? RoiError::none : check_grid(y, x, config.rule);
}

// Checks every region, then hands configuration and inputs to `work`.
template <class S, class T, class Work>
int64_t run_checked(const RoiAlignCall& call, Work work) {
  const RoiAlignConfig<T> config = config_of<T>(call);
  RegionInputs<S> inputs = region_inputs<S>(call.regions);
  std::vector<int64_t> images;
  const int64_t refused = check_regions<T>(
      call.regions, inputs, images,
      [&config](const Corners<T>& corners) { return check_geometry(corners, config); });
  if (refused == 0) work(config, inputs);
  return refused;
}

template <class S, class T>
int64_t run(const RoiAlignCall& call) {
  return run_checked<S, T>(
      call, [&](const RoiAlignConfig<T>& config, const RegionInputs<S>& inputs) {
        const RoiAlignJob<S, T> job{config, inputs, static_cast<S*>(call.pooled.data)};
        share_work(inputs.rows, kRowsPerRange, call.threads, [&](int64_t first, int64_t last) {
          bool has_memory = false;
          OPSBRIDGE_AT_LEVEL(has_memory = roi_align(job, first, last));
          return has_memory;
        });
      });
}

template <class S, class T>
int64_t run_backward(const RoiAlignCall& call, const TensorView& gradient) {
  return run_checked<S, T>(
      call, [&](const RoiAlignConfig<T>& config, const RegionInputs<S>& inputs) {
        RoiAlignGradientJob<S, T> job{config,
                                      inputs,
                                      static_cast<const S*>(call.pooled.data),
                                      {},
                                      static_cast<S*>(gradient.data)};
        for (int axis = 0; axis < 4; ++axis) job.pooled_strides[axis] = call.pooled.strides[axis];
        const int64_t planes = gradient.shape[0] * gradient.shape[1];
        share_work(planes, kPlanesPerRange, call.threads, [&](int64_t first, int64_t last) {
          bool has_memory = false;
          OPSBRIDGE_AT_LEVEL(has_memory = roi_align_backward(job, first, last));
          return has_memory;
        });
      });
}

}  // namespace

int64_t roi_align(const RoiAlignCall& call) {
  return with_region_types(
      call.regions.features.dtype, call.rule.accumulate,
      [&](auto held, auto wide) { return run<decltype(held), decltype(wide)>(call); });
}

int64_t roi_align_backward(const RoiAlignCall& call, const TensorView& gradient) {
  return with_region_types(call.regions.features.dtype, call.rule.accumulate,
                           [&](auto held, auto wide) {
                             return run_backward<decltype(held), decltype(wide)>(call, gradient);
                           });
}

}  // namespace opsbridge
