// The axes in which soft suppression differs between frameworks; some are those of nms.
#pragma once

#include "opsbridge/rules/nms.h"
#include "opsbridge/types.h"

namespace opsbridge {

enum class OverlapForm { ratio, positive_areas, one_minus_distance };
enum class ScoreType { working, float32, float32_normal };
enum class SelectionOrder { in_place, by_index, queue };
enum class SoftMethod { linear, gaussian, naive };
enum class OverlapTest { greater_equal, greater };
enum class MinScoreTest { below, not_above };
enum class DisjointBox { weighted, skipped };
enum class FirstBox { kept, checked };
enum class Exponential { same, float64 };
enum class Exponent { quotient, scaled };
enum class SigmaFactor { one, two };

struct SoftNmsRule {
  Layout layout;
  CornerOrder corner_order;
  BoxOffset box_offset;
  Accumulate accumulate;
  OverlapForm overlap_form;
  ScoreType score_type;
  SelectionOrder selection_order;
  SoftMethod method;
  OverlapTest overlap_test;
  MinScoreTest min_score_test;
  DisjointBox disjoint_box;
  FirstBox first_box;
  Exponential exponential;
  Exponent exponent;
  SigmaFactor sigma_factor;
  GroupRule group_rule;
  OverShiftLimit over_shift_limit;
  KeptOrder kept_order;
};

inline SoftNmsRule decode_soft_nms_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  SoftNmsRule rule;
  reader.take(rule.layout);
  reader.take(rule.corner_order);
  reader.take(rule.box_offset);
  reader.take(rule.accumulate);
  reader.take(rule.overlap_form);
  reader.take(rule.score_type);
  reader.take(rule.selection_order);
  reader.take(rule.method);
  reader.take(rule.overlap_test);
  reader.take(rule.min_score_test);
  reader.take(rule.disjoint_box);
  reader.take(rule.first_box);
  reader.take(rule.exponential);
  reader.take(rule.exponent);
  reader.take(rule.sigma_factor);
  reader.take(rule.group_rule);
  reader.take(rule.over_shift_limit);
  reader.take(rule.kept_order);
  return rule;
}

}  // namespace opsbridge
