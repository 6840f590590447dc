// The arguments of soft suppression, read and checked in one place for every device.
#pragma once

#include "binding/box_checks.h"
#include "ops/soft_nms_host.h"

namespace opsbridge {

inline SoftNmsCall read_soft_nms(Arguments& args) {
  SoftNmsCall call;
  BoxRows& rows = call.rows;
  rows.boxes = args.tensor(2);
  rows.first_column = args.integer();
  call.score_column = args.integer();
  call.scores = args.tensor(call.score_column < 0 ? 1 : 2);
  args.read_optional(rows.groups, 1);
  call.rule = decode_soft_nms_rule(args.integer());
  call.iou_threshold = args.number();
  call.sigma = args.number();
  call.min_score = args.number();
  call.max_outputs = args.integer();
  call.shift_limit = args.integer();
  args.read_optional(call.keep, 1);
  args.read_optional(call.kept_boxes, 2);
  args.finish();
  require_scored_boxes(rows, call.scores, call.score_column);
  require_output(call.keep, rows.count(), Dtype::int64, Dtype::int32);
  require_scored_output(call.kept_boxes, rows);
  return call;
}

}  // namespace opsbridge
