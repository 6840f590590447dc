// RoI pooling and its gradient in device memory.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"
#include "ops/roi_pool_host.h"

namespace opsbridge {

// Takes its memory from the workspace and fills the results and the report; with a workspace that
// counts, nothing else is done. The row of a refused region is NaN, its places are -1, and it adds
// nothing to a gradient. A place in `argmax` that is not in its bin may add nothing.
void roi_pool_on_device(const Executor& on, Workspace& workspace, Report* report,
                        const RoiPoolCall& call, const TensorView& argmax);
void roi_pool_backward_on_device(const Executor& on, Workspace& workspace, Report* report,
                                 const RoiPoolCall& call, const TensorView& argmax,
                                 const TensorView& gradient);

}  // namespace opsbridge
