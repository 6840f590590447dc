// Boxes along the last axis of a tensor of any rank, counted in the order of the other axes. Host
// and device.
#pragma once

#include <type_traits>

#include "ops/box_shapes.h"
#include "opsbridge/half.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// What is computed with where an operation must be exact for integers of any width.
template <class S>
using Exact = std::conditional_t<std::is_integral_v<S>, int64_t, S>;

// The gradients of 16-bit floats are computed in float32 and rounded once.
template <class S>
using Widened = std::conditional_t<sizeof(S) == 2, float, S>;

OPSBRIDGE_FN int64_t row_count(const TensorView& view) {
  int64_t count = 1;
  for (int axis = 0; axis + 1 < view.rank; ++axis) count *= view.shape[axis];
  return count;
}

// Where a row starts, in elements.
OPSBRIDGE_FN int64_t row_offset(const TensorView& view, int64_t row) {
  int64_t offset = 0;
  for (int axis = view.rank - 2; axis >= 0; --axis) {
    offset += row % view.shape[axis] * view.strides[axis];
    row /= view.shape[axis];
  }
  return offset;
}

template <class S>
OPSBRIDGE_FN Four<Exact<S>> four_at(const S* first, int64_t step) {
  Four<Exact<S>> four;
  for (int i = 0; i < 4; ++i) four.value[i] = static_cast<Exact<S>>(first[i * step]);
  return four;
}

template <class S>
OPSBRIDGE_FN Four<Exact<S>> read_row(const TensorView& view, int64_t row) {
  return four_at(static_cast<const S*>(view.data) + row_offset(view, row),
                 view.strides[view.rank - 1]);
}

template <class T, class V>
OPSBRIDGE_FN Four<T> cast(const Four<V>& four) {
  Four<T> result;
  for (int i = 0; i < 4; ++i) result.value[i] = static_cast<T>(four.value[i]);
  return result;
}

// The results of all operators here are freshly allocated, so their rows follow each other.
template <class S>
OPSBRIDGE_FN S* result_row(const TensorView& view, int64_t row, int64_t width) {
  return static_cast<S*>(view.data) + row * width;
}

// Row and reason as one positive number, which Python takes apart for its message.
OPSBRIDGE_FN int64_t refused_row(int64_t row, int64_t reason) { return row * 16 + reason; }

}  // namespace opsbridge
