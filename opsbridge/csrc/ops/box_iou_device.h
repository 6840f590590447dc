// Overlaps of two sets of boxes in device memory.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"
#include "ops/box_iou_host.h"

namespace opsbridge {

// Fills the result and the report; with a workspace that counts, nothing else is done. Whatever is
// measured with a refused box of integers is NaN.
void box_iou_on_device(const Executor& on, Workspace& workspace, Report* report,
                       const BoxIouCall& call);

// `call.result` holds the gradient of the overlaps, contiguous.
void box_iou_gradient_on_device(const Executor& on, Report* report, const BoxIouCall& call,
                                const TensorView& gradient, const TensorView& other_gradient);

}  // namespace opsbridge
