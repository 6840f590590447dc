// The boxes around masks, in device memory.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"
#include "ops/masks_to_boxes_host.h"

namespace opsbridge {

void masks_to_boxes_on_device(const Executor& on, Workspace& workspace, Report* report,
                              const TensorView& masks, const TensorView& boxes,
                              const MasksToBoxesRule& rule);

}  // namespace opsbridge
