#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "binding/masks_to_boxes_arguments.h"
#include "ops/masks_to_boxes_device.h"

namespace opsbridge {

static int64_t call_masks_to_boxes(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const MasksToBoxesCall call = read_masks_to_boxes(args);
        masks_to_boxes_on_device(on, workspace, report, call.masks, call.boxes, call.rule);
      });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(masks_to_boxes)
