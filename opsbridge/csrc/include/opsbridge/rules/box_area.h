// The axes in which the area of a box differs between frameworks.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

struct BoxAreaRule {
  Layout layout;
  BoxOffset box_offset;
};

inline BoxAreaRule decode_box_area_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  BoxAreaRule rule;
  reader.take(rule.layout);
  reader.take(rule.box_offset);
  return rule;
}

}  // namespace opsbridge
