#include "ops/roi_pool_host.h"

#include "ops/region_work.h"
#include "ops/roi_pool_levels.h"
#include "ops/roi_pool_plan.h"
#include "runtime/work_memory.h"

namespace opsbridge {
namespace {

// Checks every region, then hands configuration and inputs to `work`.
template <class S, class T, class Work>
int64_t run_checked(const RoiPoolCall& call, Work work) {
  const RoiPoolConfig<T> config = roi_pool_config<T>(call);
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
void share_blocks(const RoiPoolPlan& plan, const RoiPoolConfig<T>& config, int64_t bytes,
                  int threads, Work work) {
  const int64_t blocks = (config.channels + kChannelsOfBlock<T> - 1) / kChannelsOfBlock<T>;
  const int64_t count = static_cast<int64_t>(plan.images.size()) * blocks;
  share_work(count, 1, threads, [&](int64_t first, int64_t last) {
    const WorkMemory memory(static_cast<size_t>(bytes));
    bool has_memory = memory.data() != nullptr;
    for (int64_t i = first; has_memory && i < last; ++i) {
      const ImageRegions& image = plan.images[static_cast<size_t>(i / blocks)];
      has_memory = work(image, i % blocks * kChannelsOfBlock<T>, memory.data());
    }
    return has_memory;
  });
}

// Whether the work is to be done in blocks of channels, with the plan for it.
template <class S, class T>
bool plan_blocks(RoiPoolPlan& plan, const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs) {
  if (!fits_blocks(config)) return false;
  plan_images(plan, config, inputs);
  return are_blocks_faster(plan, config);
}

template <class S, class T>
void pool(RoiPoolJob<S, T> job, int threads) {
  RoiPoolPlan plan = plan_bins(job.config, job.inputs, job.config.rule.clip_high);
  job.bins = plan.bins.data();
  if (plan_blocks(plan, job.config, job.inputs)) {
    share_blocks(plan, job.config, block_bytes(job.config), threads,
                 [&](const ImageRegions& image, int64_t first_channel, char* memory) {
                   OPSBRIDGE_AT_LEVEL(roi_pool_block(job, image, first_channel, memory));
                   return true;
                 });
  } else {
    parallel_for(job.inputs.rows, kRowsPerRange, threads, [&](int64_t first, int64_t last) {
      OPSBRIDGE_AT_LEVEL(roi_pool(job, first, last));
    });
  }
}

// Shares out the planes of every image that has regions, some of one image at a time.
template <class S, class T>
void scatter(const RoiPoolGradientJob<S, T>& job, const RoiPoolPlan& plan, int threads) {
  const int64_t channels = job.config.channels;
  const int64_t ranges = (channels + kPlanesPerRange - 1) / kPlanesPerRange;
  const int64_t count = static_cast<int64_t>(plan.images.size()) * ranges;
  share_work(count, 1, threads, [&](int64_t first, int64_t last) {
    bool has_memory = true;
    for (int64_t i = first; has_memory && i < last; ++i) {
      const ImageRegions& image = plan.images[static_cast<size_t>(i / ranges)];
      const int64_t channel = i % ranges * kPlanesPerRange;
      const int64_t end = smaller(channel + kPlanesPerRange, channels);
      OPSBRIDGE_AT_LEVEL(has_memory = roi_pool_scatter(job, image, channel, end));
    }
    return has_memory;
  });
}

template <class S, class T>
void add_gradients(RoiPoolGradientJob<S, T> job, int64_t images, int threads) {
  const RoiPoolConfig<T>& config = job.config;
  const int64_t numbers = config.channels * config.height * config.width;
  RoiPoolPlan plan = plan_bins(config, job.inputs, gradient_clip(config.rule));
  job.bins = plan.bins.data();
  if (job.argmax != nullptr) {
    plan_images(plan, config, job.inputs);
    clear_other_images(plan, images, numbers, job.gradient);
    scatter(job, plan, threads);
  } else if (plan_blocks(plan, config, job.inputs)) {
    clear_other_images(plan, images, numbers, job.gradient);
    share_blocks(plan, config, block_bytes(config) + places_bytes(config), threads,
                 [&](const ImageRegions& image, int64_t first_channel, char* memory) {
                   bool has_memory = false;
                   OPSBRIDGE_AT_LEVEL(
                       has_memory = roi_pool_backward_block(job, image, first_channel, memory));
                   return has_memory;
                 });
  } else {
    const int64_t planes = images * config.channels;
    share_work(planes, kPlanesPerRange, threads, [&](int64_t first, int64_t last) {
      bool has_memory = false;
      OPSBRIDGE_AT_LEVEL(has_memory = roi_pool_backward(job, first, last));
      return has_memory;
    });
  }
}

template <class S, class T>
int64_t run(const RoiPoolCall& call, const TensorView& argmax) {
  return run_checked<S, T>(
      call, [&](const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs) {
        if (call.pooled.shape[1] == 0) return;
        pool(RoiPoolJob<S, T>{config, inputs, nullptr, static_cast<S*>(call.pooled.data),
                              static_cast<int32_t*>(argmax.data)},
             call.threads);
      });
}

template <class S, class T>
int64_t run_backward(const RoiPoolCall& call, const TensorView& argmax,
                     const TensorView& gradient) {
  return run_checked<S, T>(
      call, [&](const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs) {
        if (config.channels == 0 || config.height == 0 || config.width == 0) return;
        RoiPoolGradientJob<S, T> job{config,  inputs,
                                     nullptr, static_cast<const S*>(call.pooled.data),
                                     {},      static_cast<const int32_t*>(argmax.data),
                                     {},      static_cast<S*>(gradient.data)};
        for (int axis = 0; axis < 4; ++axis) {
          job.pooled_strides[axis] = call.pooled.strides[axis];
          job.argmax_strides[axis] = argmax.strides[axis];
        }
        add_gradients(job, gradient.shape[0], call.threads);
      });
}

}  // namespace

int64_t roi_pool(const RoiPoolCall& call, const TensorView& argmax) {
  return with_region_types(
      call.regions.features.dtype, call.rule.accumulate,
      [&](auto held, auto wide) { return run<decltype(held), decltype(wide)>(call, argmax); });
}

int64_t roi_pool_backward(const RoiPoolCall& call, const TensorView& argmax,
                          const TensorView& gradient) {
  return with_region_types(
      call.regions.features.dtype, call.rule.accumulate, [&](auto held, auto wide) {
        return run_backward<decltype(held), decltype(wide)>(call, argmax, gradient);
      });
}

}  // namespace opsbridge
