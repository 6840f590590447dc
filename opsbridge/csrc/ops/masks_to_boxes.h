// The box around what is set in a mask. Host and device.
#pragma once

#include "opsbridge/rules/masks_to_boxes.h"

namespace opsbridge {

// The first and the last row and column that have something; an empty one has no last row.
struct Extent {
  int64_t first_row, last_row, first_column, last_column;
};

OPSBRIDGE_FN void write_box(const Extent& extent, const MasksToBoxesRule& rule, float* box) {
  const int64_t end = rule.end_offset == EndOffset::one ? 1 : 0;
  const bool is_empty = extent.last_row < 0;
  box[0] = is_empty ? 0.0f : static_cast<float>(extent.first_column);
  box[1] = is_empty ? 0.0f : static_cast<float>(extent.first_row);
  box[2] = is_empty ? 0.0f : static_cast<float>(extent.last_column + end);
  box[3] = is_empty ? 0.0f : static_cast<float>(extent.last_row + end);
}

}  // namespace opsbridge
