// The arguments of the boxes around masks, read and checked in one place for every device.
#pragma once

#include "binding/checks.h"
#include "ops/masks_to_boxes_host.h"

namespace opsbridge {

struct MasksToBoxesCall {
  TensorView masks, boxes;
  MasksToBoxesRule rule;
  int threads;
};

inline MasksToBoxesCall read_masks_to_boxes(Arguments& args) {
  MasksToBoxesCall call;
  call.masks = args.tensor(3);
  call.boxes = args.tensor(2);
  call.rule = decode_masks_to_boxes_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  require(call.masks.dtype != Dtype::other, "masks have an unknown dtype");
  require(call.boxes.dtype == Dtype::float32 && call.boxes.shape[1] == 4,
          "boxes must be float32 (N, 4)");
  require(call.boxes.shape[0] <= call.masks.shape[0], "boxes must be one per mask");
  return call;
}

}  // namespace opsbridge
