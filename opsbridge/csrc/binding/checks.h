// What the calls check before a kernel runs. Python checks first, so users never meet these.
#pragma once

#include "binding/arguments.h"

namespace opsbridge {

inline bool is_floating(Dtype dtype) {
  return dtype == Dtype::float16 || dtype == Dtype::bfloat16 || dtype == Dtype::float32 ||
         dtype == Dtype::float64;
}

inline bool is_narrow_float(Dtype dtype) {
  return dtype == Dtype::float16 || dtype == Dtype::bfloat16;
}

inline bool is_number(Dtype dtype) { return dtype != Dtype::boolean && dtype != Dtype::other; }

inline void require(bool holds, const char* what) {
  if (!holds) throw BadCall(what);
}

// Boxes of numbers along the last axis.
inline void require_rows(const TensorView& view, int64_t columns) {
  require(is_number(view.dtype), "boxes must be numbers");
  require(view.rank >= 1 && view.shape[view.rank - 1] == columns,
          "boxes have the wrong number of columns");
}

inline void require_rows_of_four(const TensorView& view) { require_rows(view, 4); }

// What is written, and the gradient of it, is contiguous: its size is all that counts.
inline void require_size(const TensorView& result, int64_t count) {
  int64_t size = 1;
  for (int axis = 0; axis < result.rank; ++axis) size *= result.shape[axis];
  require(size == count, "a result has the wrong size");
}

inline void require_gradient_of_boxes(const TensorView& gradient, const TensorView& boxes) {
  bool is_alike = gradient.dtype == boxes.dtype && gradient.rank == boxes.rank;
  for (int axis = 0; is_alike && axis < boxes.rank; ++axis) {
    is_alike = gradient.shape[axis] == boxes.shape[axis];
  }
  require(is_alike, "the gradient must be like the boxes");
}

// An output that is absent, or long enough and of one of two integer types.
inline void require_output(const TensorView& view, int64_t count, Dtype first, Dtype second) {
  if (!is_present(view)) return;
  require(view.dtype == first || view.dtype == second, "an output has the wrong dtype");
  require(view.shape[0] >= count, "an output is too short");
}

}  // namespace opsbridge
