// What the operators on scored boxes read, write and refuse alike.
#pragma once

#include <vector>

#include "ops/grouped_rows.h"

namespace opsbridge {

// Why a row is refused.
enum class NmsError { none, nan_score, nan_group };

inline int64_t refusal(int64_t row, NmsError reason) {
  return -(row * 16 + static_cast<int64_t>(reason));
}

// A negative column: scores has rank 1.
template <class T>
void read_scores(const BoxRows& rows, const TensorView& scores, int64_t column, T* result) {
  for (int64_t i = 0; i < rows.count(); ++i) {
    result[i] = column < 0 ? read<T>(scores, i) : read<T>(scores, i, column);
  }
}

// Writes a number to an output of int64 or int32.
OPSBRIDGE_FN void store(const TensorView& view, int64_t i, int64_t value) {
  const int64_t at = i * view.strides[0];
  if (view.dtype == Dtype::int64) {
    static_cast<int64_t*>(view.data)[at] = value;
  } else {
    static_cast<int32_t*>(view.data)[at] = static_cast<int32_t>(value);
  }
}

// Boxes as they were given, each with its score.
template <class T>
void write_scored_boxes(const TensorView& out, const BoxRows& boxes, const T* scores,
                        const int64_t* rows, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    T* row = static_cast<T*>(out.data) + static_cast<int64_t>(i) * out.strides[0];
    for (int64_t j = 0; j < 4; ++j) {
      row[j * out.strides[1]] = read<T>(boxes.boxes, rows[i], boxes.first_column + j);
    }
    row[4 * out.strides[1]] = scores[rows[i]];
  }
}

}  // namespace opsbridge
