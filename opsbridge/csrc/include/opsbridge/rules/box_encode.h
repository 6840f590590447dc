// The axes in which offsets between boxes differ between frameworks.
#pragma once

#include "opsbridge/rules/box_iou.h"

namespace opsbridge {

enum class AnchorCentre { midpoint, low_and_half_side };
enum class SideRatio { as_it_is, absolute };

struct BoxEncodeRule {
  BoxOffset box_offset;
  Pairing pairing;
  AnchorCentre anchor_centre;
  SideRatio side_ratio;
};

inline BoxEncodeRule decode_box_encode_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  BoxEncodeRule rule;
  reader.take(rule.box_offset);
  reader.take(rule.pairing);
  reader.take(rule.anchor_centre);
  reader.take(rule.side_ratio);
  return rule;
}

}  // namespace opsbridge
