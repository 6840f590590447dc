// The axes in which moving boxes by offsets differs between frameworks.
#pragma once

#include "opsbridge/rules/box_encode.h"

namespace opsbridge {

enum class AnchorsAlong { rows, first_axis, second_axis };
enum class TakenOff { half_each, high };

struct BoxDecodeRule {
  BoxOffset box_offset;
  AnchorsAlong anchors_along;
  AnchorCentre anchor_centre;
  TakenOff taken_off;
};

inline BoxDecodeRule decode_box_decode_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  BoxDecodeRule rule;
  reader.take(rule.box_offset);
  reader.take(rule.anchors_along);
  reader.take(rule.anchor_centre);
  reader.take(rule.taken_off);
  return rule;
}

}  // namespace opsbridge
