#include "binding/checks.h"
#include "binding/export.h"
#include "ops/box_iou_host.h"

namespace opsbridge {

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
