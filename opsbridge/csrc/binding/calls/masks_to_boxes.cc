#include "binding/export.h"
#include "binding/masks_to_boxes_arguments.h"

namespace opsbridge {

static int64_t call_masks_to_boxes(Arguments& args) {
  const MasksToBoxesCall call = read_masks_to_boxes(args);
  masks_to_boxes(call.masks, call.boxes, call.rule, call.threads);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(masks_to_boxes)
