// From which layout of a box to which.
#pragma once

#include "opsbridge/types.h"

namespace opsbridge {

enum class SourceLayout { xyxy, yxyx, xywh, cxcywh, xywhr, cxcywhr, xyxyxyxy };
enum class TargetLayout { xyxy, yxyx, xywh, cxcywh, xywhr, cxcywhr, xyxyxyxy };

struct BoxConvertRule {
  SourceLayout source_layout;
  TargetLayout target_layout;
};

inline BoxConvertRule decode_box_convert_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  BoxConvertRule rule;
  reader.take(rule.source_layout);
  reader.take(rule.target_layout);
  return rule;
}

}  // namespace opsbridge
