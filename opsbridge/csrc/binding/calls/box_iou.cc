#include "binding/checks.h"
#include "binding/export.h"
#include "ops/box_iou_host.h"
#include "ops/rotated_iou_host.h"

namespace opsbridge {
namespace {

int64_t call_rotated(const BoxIouCall& call) {
  const int64_t columns = call.rule.layout == IouLayout::xyxyxyxy ? 8 : 5;
  const Dtype dtype = call.boxes.dtype;
  require(dtype == Dtype::float32 || dtype == Dtype::float64, "rotated boxes must be wide floats");
  require_rows(call.boxes, columns);
  require_rows(call.other_boxes, columns);
  require(call.boxes.rank == 2 && call.other_boxes.rank == 2, "rotated boxes must be matrices");
  require(call.result.dtype == Dtype::float32, "the result has the wrong dtype");
  rotated_box_iou(call);
  return 0;
}

}  // namespace

static int64_t call_box_iou(Arguments& args) {
  BoxIouCall call;
  call.boxes = args.tensor_of_any_rank();
  call.other_boxes = args.tensor_of_any_rank();
  call.epsilon = args.number();
  call.result = args.tensor_of_any_rank();
  call.rule = decode_box_iou_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  require(call.boxes.dtype == call.other_boxes.dtype, "both sets of boxes must have one dtype");
  if (is_rotated(call.rule.layout)) return call_rotated(call);
  require_rows_of_four(call.boxes);
  require_rows_of_four(call.other_boxes);
  require(call.boxes.rank >= 2 && call.other_boxes.rank >= 2, "boxes must have a row axis");
  require(call.rule.pairing != Pairing::aligned ||
              call.boxes.shape[call.boxes.rank - 2] ==
                  call.other_boxes.shape[call.other_boxes.rank - 2],
          "aligned boxes must be as many");
  const bool widens = !is_floating(call.boxes.dtype) ||
                      (is_narrow_float(call.boxes.dtype) && call.rule.widening == Widening::sides);
  require(call.result.dtype == (widens ? Dtype::float32 : call.boxes.dtype),
          "the result has the wrong dtype");
  return box_iou(call);
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_iou)
