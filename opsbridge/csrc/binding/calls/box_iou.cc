#include "binding/box_iou_arguments.h"
#include "binding/export.h"

namespace opsbridge {

static int64_t call_box_iou(Arguments& args) {
  const BoxIouCall call = read_box_iou(args);
  if (!is_rotated(call.rule.layout)) return box_iou(call);
  rotated_box_iou(call);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_iou)
