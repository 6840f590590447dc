// The axes in which RoI pooling differs between frameworks.
#pragma once

#include "opsbridge/rules/regions.h"

namespace opsbridge {

enum class Corner { round_away, exact, round_before_scale };
enum class PoolMinSize { one, none, tenth };
enum class LengthPlus { zero, one };
enum class ClipHigh { size, last_pixel };
enum class GradientClipHigh { same, size };
enum class Pooling { maximum, average };

struct RoiPoolRule {
  Corner corner;
  EndOffset end_offset;
  LengthPlus length_plus;
  PoolMinSize min_size;
  ClipHigh clip_high;
  GradientClipHigh gradient_clip_high;
  Pooling pooling;
  ScaleType scale_type;
  BatchRule batch_rule;
  Nonfinite nonfinite;
  RoiAccumulate accumulate;
  ChannelMap channel_map;
};

inline RoiPoolRule decode_roi_pool_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  RoiPoolRule rule;
  reader.take(rule.corner);
  reader.take(rule.end_offset);
  reader.take(rule.length_plus);
  reader.take(rule.min_size);
  reader.take(rule.clip_high);
  reader.take(rule.gradient_clip_high);
  reader.take(rule.pooling);
  reader.take(rule.scale_type);
  reader.take(rule.batch_rule);
  reader.take(rule.nonfinite);
  reader.take(rule.accumulate);
  reader.take(rule.channel_map);
  return rule;
}

}  // namespace opsbridge
