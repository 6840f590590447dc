// The bins and the images of all regions of a call, in device memory.
#pragma once

#include "cuda/workspace.h"
#include "ops/region_images_device.h"
#include "ops/roi_pool_bins.h"
#include "ops/roi_pool_device.h"

namespace opsbridge {

template <class S, class T>
struct PoolPlan {
  RoiPoolConfig<T> config;
  RegionInputs<S> inputs;  // the image of a region that is refused is -1
  PixelRange* bins;        // of region after region, rows before columns

  OPSBRIDGE_MEMBER int64_t bins_per_region() const {
    return config.pooled_height + config.pooled_width;
  }
};

// One bin along one axis of one region; the first of a region finds its image, too.
template <class S, class T>
struct PlanPoolBin {
  PoolPlan<S, T> plan;
  RegionTensors tensors;
  ClipHigh clip;
  int64_t* images;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const RoiPoolConfig<T>& config = plan.config;
    const Division at = divided(i, plan.bins_per_region());
    const Corners<T> corners = corners_of_row<T>(plan.inputs, at.quotient);
    const PoolAxis<T> y = pool_axis(corners.y1, corners.y2, config.pooled_height, config);
    const PoolAxis<T> x = pool_axis(corners.x1, corners.x2, config.pooled_width, config);
    const bool has_pixels =
        y.error == RoiError::none && x.error == RoiError::none && !y.is_empty && !x.is_empty;
    const int64_t column = at.remainder - config.pooled_height;
    plan.bins[i] = !has_pixels  ? PixelRange{0, 0}
                   : column < 0 ? bin_pixels(y, at.remainder, config.height, clip)
                                : bin_pixels(x, column, config.width, clip);
    if (at.remainder == 0) find_image(at.quotient, corners);
  }

  OPSBRIDGE_MEMBER void find_image(int64_t row, const Corners<T>& corners) const {
    RowImage found = image_on_device<S, T>(tensors, row);
    if (found.error == RoiError::none) found.error = check_geometry(corners, plan.config);
    images[row] = found.error == RoiError::none ? found.image : -1;
    if (found.error != RoiError::none) refuse_region(report, found.place, found.error);
  }
};

template <class S, class T>
PoolPlan<S, T> take_plan(Workspace& workspace, const RoiPoolCall& call) {
  PoolPlan<S, T> plan{roi_pool_config<T>(call), region_inputs<S>(call.regions), nullptr};
  plan.bins = workspace.take<PixelRange>(plan.inputs.rows * plan.bins_per_region());
  plan.inputs.images = workspace.take<int64_t>(plan.inputs.rows);
  return plan;
}

template <class S, class T>
void fill_plan(const Executor& on, const PoolPlan<S, T>& plan, const RoiPoolCall& call,
               ClipHigh clip, Report* report) {
  on.each(plan.inputs.rows * plan.bins_per_region(),
          PlanPoolBin<S, T>{plan, call.regions, clip, const_cast<int64_t*>(plan.inputs.images),
                            report});
}

}  // namespace opsbridge
