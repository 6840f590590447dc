// The conventions of every operator as plain enums, shared by host and device code.
//
// Each axis is four bits of a 64-bit rule word, in the order of the struct; an enum's values are in
// the order of the axis' values in mappings/core/<op>.toml. tests/native/test_vocabulary.py holds
// the three lists (here, opsbridge/core, mappings/core) equal.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define OPSBRIDGE_FN static __host__ __device__ __forceinline__
#else
// Always inlined and internal: code compiled for a wide instruction set must never become the copy
// of a function that the linker keeps for everybody.
#define OPSBRIDGE_FN static inline __attribute__((always_inline, unused))
#endif

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
enum class GroupRule { per_group, shifted, per_group_on_shifted };
enum class KeptOrder { rank, index, introsort };

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
  KeptOrder kept_order;
};

enum class HalfPixel { zero, half };
enum class EndOffset { zero, one };
enum class MinSize { one, none };
enum class Grid { ceil, floor };
enum class Count { at_least_one, product };
enum class ScaleType { same, float32 };
enum class UnusableSample { skip, zero_times_origin };
enum class Reduction { average, maximum, maximum_weighted_corner };
enum class MaximumStart { lowest, minus_10000 };
enum class BatchRule { integral, truncate, nearest_7e_5, given, counts };
enum class NearZeroRow { compute, zero };
enum class NegativeSize { allow, refuse, refuse_one_axis, zero };
enum class Nonfinite { refuse, zero };
enum class GridLimit { table, count };

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
};

// Hands out the axes of a rule word one after the other.
struct RuleReader {
  uint64_t word;
  template <class Axis>
  void take(Axis& axis) {
    axis = static_cast<Axis>(word & 15);
    word >>= 4;
  }
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
  reader.take(rule.kept_order);
  return rule;
}

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
  return rule;
}

}  // namespace opsbridge
