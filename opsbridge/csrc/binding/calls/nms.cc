#include "binding/checks.h"
#include "binding/export.h"
#include "ops/nms_host.h"

namespace opsbridge {

static int64_t call_nms(Arguments& args) {
  NmsCall call;
  call.boxes = args.tensor(2);
  call.first_box_column = args.integer();
  call.score_column = args.integer();
  call.scores = args.tensor(call.score_column < 0 ? 1 : 2);
  call.groups = args.optional_tensor(1);
  call.rule = decode_nms_rule(args.integer());
  call.iou_threshold = args.number();
  call.score_threshold = args.number();
  call.threshold_decay = args.number();
  call.pre_top_k = args.integer();
  call.max_outputs = args.integer();
  call.shift_limit = args.integer();
  call.keep = args.optional_tensor(1);
  call.keep_mask = args.optional_tensor(1);
  call.sorted_boxes = args.optional_tensor(2);
  call.sorted_positions = args.optional_tensor(1);
  call.sorted_keep_mask = args.optional_tensor(1);
  args.finish();
  const int64_t count = call.boxes.shape[0];
  require(is_floating(call.boxes.dtype) && call.scores.dtype == call.boxes.dtype,
          "boxes and scores must be floating, both the same");
  require(call.first_box_column >= 0 && call.first_box_column + 4 <= call.boxes.shape[1],
          "boxes have too few columns");
  require(call.scores.shape[0] == count, "boxes and scores differ in length");
  require(call.score_column < 0 || call.score_column < call.scores.shape[1],
          "scores have too few columns");
  require(!is_present(call.groups) ||
              (call.groups.dtype == Dtype::int64 && call.groups.shape[0] == count),
          "groups must be int64, one per box");
  require_output(call.keep, count, Dtype::int64, Dtype::int32);
  require_output(call.keep_mask, count, Dtype::boolean, Dtype::uint8);
  require_output(call.sorted_positions, count, Dtype::int64, Dtype::int32);
  require_output(call.sorted_keep_mask, count, Dtype::boolean, Dtype::uint8);
  require(!is_present(call.sorted_boxes) ||
              (call.sorted_boxes.dtype == call.boxes.dtype && call.sorted_boxes.shape[0] >= count &&
               call.sorted_boxes.shape[1] == 5),
          "sorted_boxes must be (N, 5), of the dtype of boxes");
  return nms(call);
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(nms)
