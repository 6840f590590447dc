// Non-maximum suppression on host memory: candidates, order, sweep, outputs.
#pragma once

#include "ops/grouped_rows.h"
#include "opsbridge/rules/nms.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct NmsCall {
  BoxRows rows;
  TensorView scores;     // one per row, or rows that hold the score in score_column
  int64_t score_column;  // negative: scores has rank 1
  NmsRule rule;
  double iou_threshold;
  double score_threshold;  // NaN: every box is a candidate
  double threshold_decay;
  int64_t pre_top_k;    // negative: all
  int64_t max_outputs;  // negative: all
  int64_t shift_limit;  // negative: none
  int64_t threads;
  // Outputs, each may be absent.
  TensorView keep, keep_mask, kept_boxes, sorted_boxes, sorted_positions, sorted_keep_mask;
  TensorView matched, match_ends;
  TensorView padded_keep;  // keep, and -1 behind it
  TensorView kept_count;   // of rank 0
};

// The number of kept boxes, or -(row * 16 + reason) for a row that is refused (NmsError).
int64_t nms(const NmsCall& call);

}  // namespace opsbridge
