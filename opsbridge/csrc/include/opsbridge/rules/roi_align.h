// The axes in which RoIAlign differs between frameworks.
#pragma once

#include "opsbridge/rules/regions.h"

namespace opsbridge {

enum class HalfPixel { zero, half };
enum class Grid { ceil, floor, ceil_float32 };
enum class Count { at_least_one, product };
enum class UnusableSample { skip, zero_times_origin };
enum class Reduction { average, maximum, maximum_weighted_corner };
enum class MaximumStart { lowest, minus_10000 };
enum class NearZeroRow { compute, zero };
enum class NegativeSize { allow, refuse, refuse_one_axis, zero };
enum class GridLimit { table, count };
enum class SampleSum { bin_first, step_first };

struct RoiAlignRule {
  HalfPixel half_pixel;
  EndOffset end_offset;
  MinSize min_size;
  Grid grid;
  Count count;
  ScaleType scale_type;
  UnusableSample unusable_sample;
  Reduction reduction;
  MaximumStart maximum_start;
  BatchRule batch_rule;
  NearZeroRow near_zero_row;
  NegativeSize negative_size;
  Nonfinite nonfinite;
  GridLimit grid_limit;
  RoiAccumulate accumulate;
  ChannelMap channel_map;
  SampleSum sample_sum;
};

inline RoiAlignRule decode_roi_align_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  RoiAlignRule rule;
  reader.take(rule.half_pixel);
  reader.take(rule.end_offset);
  reader.take(rule.min_size);
  reader.take(rule.grid);
  reader.take(rule.count);
  reader.take(rule.scale_type);
  reader.take(rule.unusable_sample);
  reader.take(rule.reduction);
  reader.take(rule.maximum_start);
  reader.take(rule.batch_rule);
  reader.take(rule.near_zero_row);
  reader.take(rule.negative_size);
  reader.take(rule.nonfinite);
  reader.take(rule.grid_limit);
  reader.take(rule.accumulate);
  reader.take(rule.channel_map);
  reader.take(rule.sample_sum);
  return rule;
}

}  // namespace opsbridge
