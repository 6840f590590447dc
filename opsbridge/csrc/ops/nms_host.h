// Non-maximum suppression on host memory: candidates, order, sweep, outputs.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct NmsCall {
  TensorView boxes;   // rows of at least first_box_column + 4 numbers
  TensorView scores;  // one per row, or rows that hold the score in score_column
  TensorView groups;  // int64, may be absent
  int64_t first_box_column;
  int64_t score_column;  // negative: scores has rank 1
  NmsRule rule;
  double iou_threshold;
  double score_threshold;  // NaN: every box is a candidate
  double threshold_decay;
  int64_t pre_top_k;    // negative: all
  int64_t max_outputs;  // negative: all
  int64_t shift_limit;  // negative: none
  // Outputs, each may be absent.
  TensorView keep, keep_mask, sorted_boxes, sorted_positions, sorted_keep_mask;
};

// The number of kept boxes, or -1 - row for a row whose NaN score is refused.
int64_t nms(const NmsCall& call);

}  // namespace opsbridge
