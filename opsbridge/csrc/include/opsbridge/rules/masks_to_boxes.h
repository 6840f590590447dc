// The axes in which the boxes around masks differ between frameworks.
#pragma once

#include "opsbridge/rules/roi_align.h"
#include "opsbridge/types.h"

namespace opsbridge {

struct MasksToBoxesRule {
  EndOffset end_offset;
};

inline MasksToBoxesRule decode_masks_to_boxes_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  MasksToBoxesRule rule;
  reader.take(rule.end_offset);
  return rule;
}

}  // namespace opsbridge
