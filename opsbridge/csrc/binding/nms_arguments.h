// The arguments of suppression, read and checked in one place for every device.
#pragma once

#include "binding/box_checks.h"
#include "ops/nms_host.h"

namespace opsbridge {

inline NmsCall read_nms(Arguments& args) {
  NmsCall call;
  BoxRows& rows = call.rows;
  rows.boxes = args.tensor(2);
  rows.first_column = args.integer();
  call.score_column = args.integer();
  call.scores = args.tensor(call.score_column < 0 ? 1 : 2);
  args.read_optional(rows.groups, 1);
  call.rule = decode_nms_rule(args.integer());
  call.iou_threshold = args.number();
  call.score_threshold = args.number();
  call.threshold_decay = args.number();
  call.pre_top_k = args.integer();
  call.max_outputs = args.integer();
  call.shift_limit = args.integer();
  call.threads = args.integer();
  args.read_optional(call.keep, 1);
  args.read_optional(call.keep_mask, 1);
  args.read_optional(call.kept_boxes, 2);
  args.read_optional(call.sorted_boxes, 2);
  args.read_optional(call.sorted_positions, 1);
  args.read_optional(call.sorted_keep_mask, 1);
  args.read_optional(call.matched, 1);
  args.read_optional(call.match_ends, 1);
  args.read_optional(call.padded_keep, 1);
  args.read_optional(call.kept_count, 0);
  args.finish();
  const int64_t count = rows.count();
  require_scored_boxes(rows, call.scores, call.score_column);
  require_output(call.keep, count, Dtype::int64, Dtype::int32);
  require_output(call.keep_mask, count, Dtype::boolean, Dtype::uint8);
  require_scored_output(call.kept_boxes, rows);
  require_scored_output(call.sorted_boxes, rows);
  require_output(call.sorted_positions, count, Dtype::int64, Dtype::int32);
  require_output(call.sorted_keep_mask, count, Dtype::boolean, Dtype::uint8);
  require_output(call.matched, count, Dtype::int64, Dtype::int32);
  require_output(call.match_ends, count, Dtype::int64, Dtype::int32);
  require(is_present(call.matched) == is_present(call.match_ends),
          "matched and match_ends come together");
  const bool is_cut = call.max_outputs >= 0 && call.max_outputs < count;
  require_output(call.padded_keep, is_cut ? call.max_outputs : count, Dtype::int64, Dtype::int32);
  require(!is_present(call.kept_count) || call.kept_count.dtype == Dtype::int64,
          "kept_count must be int64");
  return call;
}

}  // namespace opsbridge
