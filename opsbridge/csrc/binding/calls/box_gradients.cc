#include "binding/checks.h"
#include "binding/export.h"
#include "ops/box_gradients_host.h"
#include "ops/rotated_boxes_host.h"
#include "ops/rotated_iou_host.h"

namespace opsbridge {
namespace {

constexpr int64_t kHasNoGradient = 1;

void require_gradient(const TensorView& gradient, const TensorView& boxes) {
  require(gradient.dtype == boxes.dtype && gradient.rank == boxes.rank,
          "the gradient must be like the boxes");
}

}  // namespace

static int64_t call_box_iou_gradient(Arguments& args) {
  BoxIouCall call;
  call.result = args.tensor_of_any_rank();
  call.boxes = args.tensor_of_any_rank();
  call.other_boxes = args.tensor_of_any_rank();
  call.epsilon = args.number();
  const TensorView gradient = args.tensor_of_any_rank();
  const TensorView other_gradient = args.tensor_of_any_rank();
  call.rule = decode_box_iou_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  if (is_rotated(call.rule.layout)) return kHasNoGradient;
  require(is_floating(call.result.dtype), "the gradient must be floating");
  require(is_floating(call.boxes.dtype), "boxes must be floating");
  require(call.boxes.dtype == call.other_boxes.dtype, "both sets of boxes must have one dtype");
  require_gradient(gradient, call.boxes);
  require_gradient(other_gradient, call.other_boxes);
  box_iou_gradient(call, gradient, other_gradient);
  return 0;
}

static int64_t call_box_area_gradient(Arguments& args) {
  const TensorView area = args.tensor_of_any_rank();
  const TensorView boxes = args.tensor_of_any_rank();
  const TensorView gradient = args.tensor_of_any_rank();
  const BoxAreaRule rule = decode_box_area_rule(args.integer());
  args.finish();
  require(is_floating(area.dtype) && is_floating(boxes.dtype), "boxes must be floating");
  require_gradient(gradient, boxes);
  box_area_gradient(area, boxes, gradient, rule);
  return 0;
}

static int64_t call_box_convert_gradient(Arguments& args) {
  const TensorView converted = args.tensor_of_any_rank();
  const TensorView boxes = args.tensor_of_any_rank();
  const TensorView gradient = args.tensor_of_any_rank();
  const BoxConvertRule rule = decode_box_convert_rule(args.integer());
  args.finish();
  require(is_floating(converted.dtype), "boxes must be floating");
  require_gradient(gradient, boxes);
  if (is_rotated(rule.source_layout)) {
    require(converted.dtype == boxes.dtype, "the gradient has the wrong dtype");
    require_rows(boxes, columns_of(rule.source_layout));
    require_rows(converted, columns_of(rule.target_layout));
    rotated_convert_gradient(converted, boxes, gradient, rule);
    return 0;
  }
  box_convert_gradient(converted, gradient, rule);
  return 0;
}

static int64_t call_clip_boxes_gradient(Arguments& args) {
  const TensorView clipped = args.tensor_of_any_rank();
  const TensorView boxes = args.tensor_of_any_rank();
  const double height = args.number();
  const double width = args.number();
  const TensorView gradient = args.tensor_of_any_rank();
  const ClipBoxesRule rule = decode_clip_boxes_rule(args.integer());
  args.finish();
  require(is_floating(clipped.dtype) && is_floating(boxes.dtype), "boxes must be floating");
  require_gradient(gradient, boxes);
  clip_boxes_gradient(clipped, boxes, height, width, gradient, rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_iou_gradient)
OPSBRIDGE_EXPORT_OPERATOR(box_area_gradient)
OPSBRIDGE_EXPORT_OPERATOR(box_convert_gradient)
OPSBRIDGE_EXPORT_OPERATOR(clip_boxes_gradient)
