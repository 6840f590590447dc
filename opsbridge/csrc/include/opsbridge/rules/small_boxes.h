// The axes in which the search for small boxes differs between frameworks.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

enum class SideTest { at_least, above };

struct SmallBoxesRule {
  BoxOffset box_offset;
  SideTest side_test;
};

inline SmallBoxesRule decode_small_boxes_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  SmallBoxesRule rule;
  reader.take(rule.box_offset);
  reader.take(rule.side_test);
  return rule;
}

}  // namespace opsbridge
