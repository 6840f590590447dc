// RoIAlign and its gradient in device memory.
#pragma once

#include "cuda/executor.h"
#include "cuda/workspace.h"
#include "ops/nms_device.h"
#include "ops/roi_align_host.h"

namespace opsbridge {

// As nms_on_device. The row of a refused region is NaN, and it adds nothing to a gradient.
void roi_align_on_device(const Executor& on, Workspace& workspace, Report* report,
                         const RoiAlignCall& call);
void roi_align_backward_on_device(const Executor& on, Workspace& workspace, Report* report,
                                  const RoiAlignCall& call, const TensorView& gradient);

}  // namespace opsbridge
