// The axes in which offsets between boxes differ between frameworks.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

struct BoxEncodeRule {
  BoxOffset box_offset;
};

inline BoxEncodeRule decode_box_encode_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  BoxEncodeRule rule;
  reader.take(rule.box_offset);
  return rule;
}

}  // namespace opsbridge
