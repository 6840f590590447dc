// The axes in which moving boxes by offsets differs between frameworks.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

struct BoxDecodeRule {
  BoxOffset box_offset;
};

inline BoxDecodeRule decode_box_decode_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  BoxDecodeRule rule;
  reader.take(rule.box_offset);
  return rule;
}

}  // namespace opsbridge
