// The axes in which the test for boxes inside an image differs between frameworks.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

struct CheckValidRule {
  BoxOffset box_offset;
};

inline CheckValidRule decode_check_valid_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  CheckValidRule rule;
  reader.take(rule.box_offset);
  return rule;
}

}  // namespace opsbridge
