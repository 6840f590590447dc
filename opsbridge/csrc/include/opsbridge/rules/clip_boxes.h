// The axes in which clipping to an image differs between frameworks.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

struct ClipBoxesRule {
  BoxOffset box_offset;
};

inline ClipBoxesRule decode_clip_boxes_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  ClipBoxesRule rule;
  reader.take(rule.box_offset);
  return rule;
}

}  // namespace opsbridge
