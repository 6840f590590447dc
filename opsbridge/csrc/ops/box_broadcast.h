// Pairs of matrices of boxes whose leading axes broadcast. Host and device.
#pragma once

#include <cstdint>

#include "opsbridge/rules/box_iou.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// How many axes of the result count matrices.
OPSBRIDGE_FN int leading_axes(const TensorView& result, const BoxIouRule& rule) {
  return result.rank - (rule.pairing == Pairing::aligned ? 1 : 2);
}

OPSBRIDGE_FN int64_t matrix_count(const TensorView& result, const BoxIouRule& rule) {
  int64_t count = 1;
  for (int axis = 0; axis < leading_axes(result, rule); ++axis) count *= result.shape[axis];
  return count;
}

// The first row of the matrix of `view` that belongs to one matrix of the result.
OPSBRIDGE_FN int64_t broadcast_row(const TensorView& view, const TensorView& result, int leading,
                                   int64_t matrix) {
  const int own = view.rank - 2;
  int64_t row = 0, step = view.shape[own];
  for (int axis = leading - 1; axis >= 0; --axis) {
    const int64_t place = matrix % result.shape[axis];
    matrix /= result.shape[axis];
    const int own_axis = axis - (leading - own);
    if (own_axis < 0) continue;
    if (view.shape[own_axis] != 1) row += place * step;
    step *= view.shape[own_axis];
  }
  return row;
}

}  // namespace opsbridge
