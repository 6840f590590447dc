#include "ops/roi_pool_host.h"

#include "ops/region_work.h"
#include "ops/roi_pool_levels.h"
#include "ops/roi_pool_plan.h"
#include "runtime/work_memory.h"

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

// Shares out the blocks of channels of every image: work(image, first channel, memory) returns
// whether it had memory of its own.
template <class T, class Work>
void share_blocks(const RoiPoolPlan& plan, const RoiPoolConfig<T>& config, int threads, Work work) {
  const int64_t blocks = (config.channels + kChannelsOfBlock<T> - 1) / kChannelsOfBlock<T>;
  const int64_t count = static_cast<int64_t>(plan.images.size()) * blocks;
  share_work(count, 1, threads, [&](int64_t first, int64_t last) {
    const WorkMemory memory(static_cast<size_t>(block_bytes(config)));
    bool has_memory = memory.data() != nullptr;
    for (int64_t i = first; has_memory && i < last; ++i) {
      const ImageRegions& image = plan.images[static_cast<size_t>(i / blocks)];
      has_memory = work(image, i % blocks * kChannelsOfBlock<T>, memory.data());
    }
    return has_memory;
  });
}

// False: rows are faster, or all that there is.
template <class S, class T>
bool run_in_blocks(const RoiPoolJob<S, T>& job, int threads) {
  if (!fits_blocks(job.config)) return false;
  const RoiPoolPlan plan = plan_blocks(job.config, job.inputs, job.config.rule.clip_high);
  if (!are_blocks_faster(plan, job.config)) return false;
  share_blocks(
      plan, job.config, threads,
      [&](const ImageRegions& image, int64_t first_channel, char* memory) {
        OPSBRIDGE_AT_LEVEL(roi_pool_block(job, plan.spans.data(), image, first_channel, memory));
        return true;
      });
  return true;
}

template <class S, class T>
bool run_backward_in_blocks(const RoiPoolGradientJob<S, T>& job, int64_t images, int threads) {
  const RoiPoolConfig<T>& config = job.config;
  if (!fits_blocks(config)) return false;
  const RoiPoolPlan plan = plan_blocks(config, job.inputs, gradient_clip(config.rule));
  if (!are_blocks_faster(plan, config)) return false;
  clear_other_images(plan, images, config.channels * config.height * config.width, job.gradient);
  share_blocks(plan, config, threads,
               [&](const ImageRegions& image, int64_t first_channel, char* memory) {
                 bool has_memory = false;
                 OPSBRIDGE_AT_LEVEL(has_memory = roi_pool_backward_block(
                                        job, plan.spans.data(), image, first_channel, memory));
                 return has_memory;
               });
  return true;
}

template <class S, class T>
int64_t run(const RoiPoolCall& call, const TensorView& argmax) {
  return run_checked<S, T>(
      call, [&](const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs) {
        const RoiPoolJob<S, T> job{config, inputs, static_cast<S*>(call.pooled.data),
                                   static_cast<int32_t*>(argmax.data)};
        if (run_in_blocks(job, call.threads)) return;
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
        if (run_backward_in_blocks(job, gradient.shape[0], call.threads)) return;
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
