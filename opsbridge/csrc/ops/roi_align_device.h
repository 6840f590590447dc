// RoIAlign and its gradient in device memory.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"
#include "ops/roi_align_host.h"

namespace opsbridge {

// Takes its memory from the workspace and fills the results and the report; with a workspace that
// counts, nothing else is done. The row of a refused region is NaN, and it adds nothing to a
// gradient.
void roi_align_on_device(const Executor& on, Workspace& workspace, Report* report,
                         const RoiAlignCall& call);
void roi_align_backward_on_device(const Executor& on, Workspace& workspace, Report* report,
                                  const RoiAlignCall& call, const TensorView& gradient);

}  // namespace opsbridge
