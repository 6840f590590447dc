// The axes in which non-maximum suppression differs between frameworks.
#pragma once

#include "opsbridge/types.h"

namespace opsbridge {

enum class Layout { xyxy, yxyx, xywh, cxcywh };
enum class CornerOrder { given, sorted };
enum class BoxOffset { zero, one };
enum class Accumulate { same, float32, float64 };
enum class Union { separate, fused_second_area };
enum class Comparison { greater, greater_equal, multiplied, one_minus };
enum class Guard { none, positive_areas };
enum class NanOverlap { keep, drop };
enum class ThresholdType { float64, float32, float64_via_float32, same };
enum class Order { stable, introsort, bitonic, given };
enum class NanScore { first, drop, refuse };
enum class GroupRule { per_group, shifted, per_group_on_shifted, ignored };
enum class OverShiftLimit { per_group, per_group_on_shifted, unchanged };
enum class KeptOrder { rank, index, introsort, introsort_over_limit };

struct NmsRule {
  Layout layout;
  CornerOrder corner_order;
  BoxOffset box_offset;
  Accumulate accumulate;
  Union union_;
  Comparison comparison;
  Guard guard;
  NanOverlap nan_overlap;
  ThresholdType threshold_type;
  Order order;
  NanScore nan_score;
  GroupRule group_rule;
  OverShiftLimit over_shift_limit;
  KeptOrder kept_order;
};

inline NmsRule decode_nms_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  NmsRule rule;
  reader.take(rule.layout);
  reader.take(rule.corner_order);
  reader.take(rule.box_offset);
  reader.take(rule.accumulate);
  reader.take(rule.union_);
  reader.take(rule.comparison);
  reader.take(rule.guard);
  reader.take(rule.nan_overlap);
  reader.take(rule.threshold_type);
  reader.take(rule.order);
  reader.take(rule.nan_score);
  reader.take(rule.group_rule);
  reader.take(rule.over_shift_limit);
  reader.take(rule.kept_order);
  return rule;
}

}  // namespace opsbridge
