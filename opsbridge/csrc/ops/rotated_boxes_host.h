// Rotated boxes, on host memory. Results are contiguous.
#pragma once

#include "opsbridge/rules/box_convert.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

inline bool is_rotated(SourceLayout layout) { return layout >= SourceLayout::xywhr; }
inline bool is_rotated(TargetLayout layout) { return layout >= TargetLayout::xywhr; }

// How many numbers a box has.
inline int columns_of(TargetLayout layout) {
  if (layout == TargetLayout::xyxyxyxy) return 8;
  return is_rotated(layout) ? 5 : 4;
}
// The two axes list the layouts in the same order.
inline int columns_of(SourceLayout layout) { return columns_of(static_cast<TargetLayout>(layout)); }

// Zero, or the word of a row (times 16, plus 1) whose result leaves its dtype, or (plus 2) whose
// integers are too large to be computed with.
int64_t rotated_convert(const TensorView& boxes, const TensorView& converted,
                        const BoxConvertRule& rule);

void rotated_convert_gradient(const TensorView& converted, const TensorView& boxes,
                              const TensorView& gradient, const BoxConvertRule& rule);

}  // namespace opsbridge
