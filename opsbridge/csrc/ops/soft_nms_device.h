// Soft suppression in device memory: what a launch sequence does, and the memory it needs.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"
#include "ops/soft_nms_host.h"

namespace opsbridge {

// Takes its memory from the workspace and fills the outputs and the report. With a workspace that
// counts, nothing else is done.
void soft_nms_on_device(const Executor& on, Workspace& workspace, Report* report,
                        const SoftNmsCall& call);

}  // namespace opsbridge
