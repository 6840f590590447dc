#include "binding/checks.h"
#include "binding/export.h"
#include "ops/masks_to_boxes_host.h"

namespace opsbridge {

static int64_t call_masks_to_boxes(Arguments& args) {
  const TensorView masks = args.tensor(3);
  const TensorView boxes = args.tensor(2);
  const MasksToBoxesRule rule = decode_masks_to_boxes_rule(args.integer());
  const int threads = static_cast<int>(args.integer());
  args.finish();
  require(masks.dtype != Dtype::other, "masks have an unknown dtype");
  require(boxes.dtype == Dtype::float32 && boxes.shape[1] == 4, "boxes must be float32 (N, 4)");
  require(boxes.shape[0] <= masks.shape[0], "boxes must be one per mask");
  masks_to_boxes(masks, boxes, rule, threads);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(masks_to_boxes)
