// Soft suppression on host memory: select the best box, lower the others, again.
#pragma once

#include "ops/grouped_rows.h"
#include "opsbridge/rules/soft_nms.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct SoftNmsCall {
  BoxRows rows;
  TensorView scores;     // one per row, or rows that hold the score in score_column
  int64_t score_column;  // negative: scores has rank 1
  SoftNmsRule rule;
  double iou_threshold, sigma, min_score;
  int64_t max_outputs;          // negative: all
  int64_t shift_limit;          // negative: none
  TensorView keep, kept_boxes;  // outputs, each may be absent
};

// The number of selected boxes, or -(row * 16 + reason) for a row that is refused (NmsError).
int64_t soft_nms(const SoftNmsCall& call);

}  // namespace opsbridge
