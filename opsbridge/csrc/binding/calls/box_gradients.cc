#include "binding/box_iou_arguments.h"
#include "binding/box_shapes_arguments.h"
#include "binding/export.h"

namespace opsbridge {

constexpr int64_t kHasNoGradient = 1;

static int64_t call_box_iou_gradient(Arguments& args) {
  const BoxIouGradientCall given = read_box_iou_gradient(args);
  if (is_rotated(given.call.rule.layout)) return kHasNoGradient;
  box_iou_gradient(given.call, given.gradient, given.other_gradient);
  return 0;
}

static int64_t call_box_area_gradient(Arguments& args) {
  const BoxAreaGradientCall given = read_box_area_gradient(args);
  box_area_gradient(given.call.area, given.call.boxes, given.gradient, given.call.rule);
  return 0;
}

static int64_t call_box_convert_gradient(Arguments& args) {
  const auto [call, gradient] = read_box_convert_gradient(args);
  if (is_rotated(call.rule.source_layout)) {
    rotated_convert_gradient(call.converted, call.boxes, gradient, call.rule);
  } else {
    box_convert_gradient(call.converted, gradient, call.rule);
  }
  return 0;
}

static int64_t call_clip_boxes_gradient(Arguments& args) {
  const auto [call, gradient] = read_clip_boxes_gradient(args);
  clip_boxes_gradient(call.clipped, call.boxes, call.height, call.width, gradient, call.rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_iou_gradient)
OPSBRIDGE_EXPORT_OPERATOR(box_area_gradient)
OPSBRIDGE_EXPORT_OPERATOR(box_convert_gradient)
OPSBRIDGE_EXPORT_OPERATOR(clip_boxes_gradient)
