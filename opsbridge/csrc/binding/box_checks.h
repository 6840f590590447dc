// What the calls that take scored boxes check before a kernel runs.
#pragma once

#include "binding/checks.h"
#include "ops/grouped_rows.h"

namespace opsbridge {

inline void require_scored_boxes(const BoxRows& rows, const TensorView& scores,
                                 int64_t score_column) {
  require(is_floating(rows.boxes.dtype) && scores.dtype == rows.boxes.dtype,
          "boxes and scores must be floating, both the same");
  require(rows.first_column >= 0 && rows.first_column <= rows.boxes.shape[1] - 4,
          "boxes have too few columns");
  require(scores.shape[0] == rows.count(), "boxes and scores differ in length");
  require(score_column < 0 || score_column < scores.shape[1], "scores have too few columns");
  require(!is_present(rows.groups) ||
              ((rows.groups.dtype == Dtype::int64 || rows.groups.dtype == Dtype::float64) &&
               rows.groups.shape[0] == rows.count()),
          "groups must be int64 or float64, one per box");
}

// An output of boxes with their scores that is absent, or fits.
inline void require_scored_output(const TensorView& view, const BoxRows& rows) {
  require(!is_present(view) || (view.dtype == rows.boxes.dtype && view.shape[0] >= rows.count() &&
                                view.shape[1] == 5),
          "an output of scored boxes must be (N, 5), of the dtype of boxes");
}

}  // namespace opsbridge
