// The axes in which overlaps of boxes differ between frameworks.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

enum class IouLayout { xyxy, yxyx, xywh, cxcywh, xywhr, cxcywhr, xyxyxyxy };
enum class Measure { iou, giou, diou, ciou };
enum class Denominator { union_area, first_area, second_area };
enum class DenominatorEpsilon { none, e_minus_10 };
enum class Pairing { every_pair, aligned };
enum class ResultOrder { first_by_second, second_by_first };
enum class Widening { none, sides };
enum class NanCorner { spreads, compared };
enum class LongestSide { unlimited, int32 };

struct BoxIouRule {
  IouLayout layout;
  BoxOffset box_offset;
  Measure measure;
  Denominator denominator;
  DenominatorEpsilon denominator_epsilon;
  Pairing pairing;
  ResultOrder result_order;
  Widening widening;
  NanCorner nan_corner;
  LongestSide longest_side;
};

inline BoxIouRule decode_box_iou_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  BoxIouRule rule;
  reader.take(rule.layout);
  reader.take(rule.box_offset);
  reader.take(rule.measure);
  reader.take(rule.denominator);
  reader.take(rule.denominator_epsilon);
  reader.take(rule.pairing);
  reader.take(rule.result_order);
  reader.take(rule.widening);
  reader.take(rule.nan_corner);
  reader.take(rule.longest_side);
  return rule;
}

// The layout of boxes that are not rotated; both enums list those first, in one order.
OPSBRIDGE_FN Layout layout_of(const BoxIouRule& rule) { return static_cast<Layout>(rule.layout); }

}  // namespace opsbridge
