// Non-maximum suppression in device memory: what a launch sequence does, and the memory it needs.
#pragma once

#include "cuda/executor.h"
#include "cuda/workspace.h"
#include "ops/nms_host.h"

namespace opsbridge {

// What a call tells the host once it asks: the refused row (row * 16 + reason, or all ones), and
// how many boxes are kept.
struct Report {
  unsigned long long refused;
  unsigned long long count;
};

// Takes its memory from the workspace and fills the outputs and the report. With a workspace that
// counts, nothing else is done.
void nms_on_device(const Executor& on, Workspace& workspace, Report* report, const NmsCall& call);

}  // namespace opsbridge
