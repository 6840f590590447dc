// Suppression: every level keeps the same boxes, and those that a plain sweep over the shared
// header's test of two boxes keeps.
#include <algorithm>
#include <utility>

#include "drawn.h"
#include "levels.h"
#include "ops/nms.h"
#include "ops/nms_host.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

struct Case {
  NmsCall call;
  Tensor boxes, scores, groups;
};

template <class T>
Case draw(Drawn& from, Dtype dtype) {
  Case drawn;
  NmsCall& call = drawn.call;
  // Blocks of vectors are 64 boxes: some cases have several, most are short.
  const int64_t count = from.below(8) == 0 ? from.below(200) : from.below(24);
  call.rule = decode_nms_rule(from.rule({4, 2, 2, 3, 2, 4, 2, 2, 4, 4, 3, 4, 3, 4}));
  call.iou_threshold = from.coin() ? double(from.below(12)) / 8 - 0.125 : from.number();
  if (call.iou_threshold != call.iou_threshold) call.iou_threshold = 0.5;
  call.score_threshold = from.coin() ? std::numeric_limits<double>::quiet_NaN() : from.number();
  call.threshold_decay = from.below(4) == 0 ? 0.75 : 1.0;
  call.pre_top_k = from.coin() ? -1 : from.below(30);
  call.max_outputs = from.coin() ? -1 : from.below(30);
  call.shift_limit = from.coin() ? -1 : from.below(100);
  call.threads = 1 + from.below(2);
  call.score_column = from.coin() ? -1 : 0;
  const bool has_groups = from.coin();
  drawn.boxes = Tensor::drawn<T>(from, dtype, {count, 4});
  drawn.scores = call.score_column < 0 ? Tensor::drawn<T>(from, dtype, {count})
                                       : Tensor::drawn<T>(from, dtype, {count, 1});
  if (has_groups) drawn.groups = Tensor::drawn<int64_t>(from, Dtype::int64, {count});
  call.rows = {drawn.boxes.view(), 0, has_groups ? drawn.groups.view() : kNoTensor};
  call.scores = drawn.scores.view();
  return drawn;
}

struct Result {
  int64_t count;
  std::vector<std::vector<char>> outputs;
  bool operator==(const Result& other) const {
    return count == other.count && outputs == other.outputs;
  }
};

// Everything that a call can return.
template <class T>
Result suppress(Case& drawn) {
  NmsCall call = drawn.call;
  const int64_t count = call.rows.count();
  Tensor keep = Tensor::of(Dtype::int64, {count}, int64_t(-7));
  Tensor mask = Tensor::of(Dtype::boolean, {count}, uint8_t(7));
  Tensor kept = Tensor::of(call.rows.boxes.dtype, {count, 5}, T(7));
  Tensor sorted = Tensor::of(call.rows.boxes.dtype, {count, 5}, T(7));
  Tensor sorted_mask = Tensor::of(Dtype::boolean, {count}, uint8_t(7));
  Tensor matched = Tensor::of(Dtype::int64, {count}, int64_t(-7));
  Tensor ends = Tensor::of(Dtype::int64, {count}, int64_t(-7));
  call.keep = keep.view();
  call.keep_mask = mask.view();
  call.kept_boxes = kept.view();
  call.sorted_boxes = sorted.view();
  call.sorted_keep_mask = sorted_mask.view();
  call.matched = matched.view();
  call.match_ends = ends.view();
  call.sorted_positions = call.padded_keep = call.kept_count = kNoTensor;
  const int64_t found = nms(call);
  return {found,
          {keep.bytes(), mask.bytes(), kept.bytes(), sorted.bytes(), sorted_mask.bytes(),
           matched.bytes(), ends.bytes()}};
}

// The same call without what makes the kernels work in another way: only the kept rows.
Result keep_only(Case& drawn) {
  NmsCall call = drawn.call;
  Tensor keep = Tensor::of(Dtype::int64, {call.rows.count()}, int64_t(-7));
  call.keep = keep.view();
  call.keep_mask = call.kept_boxes = call.sorted_boxes = call.sorted_keep_mask = kNoTensor;
  call.matched = call.match_ends = kNoTensor;
  call.sorted_positions = call.padded_keep = call.kept_count = kNoTensor;
  const int64_t found = nms(call);
  return {found, {keep.bytes()}};
}

bool is_plain(const NmsCall& call) {
  const NmsRule& rule = call.rule;
  const bool is_ordered = rule.order == Order::stable || rule.order == Order::given;
  const bool is_grouped =
      rule.group_rule == GroupRule::per_group || rule.group_rule == GroupRule::ignored;
  return is_ordered && is_grouped &&
         rule.over_shift_limit != OverShiftLimit::per_group_on_shifted &&
         (call.shift_limit < 0 || rule.over_shift_limit == OverShiftLimit::unchanged) &&
         rule.kept_order == KeptOrder::rank && call.threshold_decay == 1.0;
}

template <class T, class A>
std::vector<int64_t> plain_sweep(const NmsCall& call) {
  const NmsRule& rule = call.rule;
  const auto score_at = [&](int64_t row) {
    return call.score_column < 0 ? read<T>(call.scores, row) : read<T>(call.scores, row, 0);
  };
  std::vector<int64_t> ranked;
  for (int64_t row = 0; row < call.rows.count(); ++row) {
    const double score = static_cast<double>(score_at(row));
    if (!is_nan(call.score_threshold) && !(score > call.score_threshold)) continue;
    if (is_nan(score) && rule.nan_score == NanScore::drop) continue;
    ranked.push_back(row);
  }
  if (rule.order == Order::stable) {
    std::stable_sort(ranked.begin(), ranked.end(), [&](int64_t a, int64_t b) {
      const double first = static_cast<double>(score_at(a));
      const double second = static_cast<double>(score_at(b));
      return is_nan(first) ? !is_nan(second) : first > second;
    });
  }
  if (call.pre_top_k >= 0 && size_t(call.pre_top_k) < ranked.size()) {
    ranked.resize(size_t(call.pre_top_k));
  }
  const BoxReading<T> reading{rule.layout, rule.corner_order, rule.box_offset, false, T(0)};
  const double threshold = held_threshold<T>(call.iou_threshold, rule.threshold_type);
  const bool separates = is_present(call.rows.groups) && rule.group_rule == GroupRule::per_group;
  std::vector<int64_t> kept;
  for (const int64_t row : ranked) {
    const Box<A> box = box_of<T, A>(call.rows, row, reading);
    const bool is_suppressed = std::any_of(kept.begin(), kept.end(), [&](int64_t other) {
      if (separates &&
          read<int64_t>(call.rows.groups, other) != read<int64_t>(call.rows.groups, row)) {
        return false;
      }
      return suppresses(box_of<T, A>(call.rows, other, reading), box, threshold, rule);
    });
    if (!is_suppressed) kept.push_back(row);
  }
  if (call.max_outputs >= 0 && size_t(call.max_outputs) < kept.size()) {
    kept.resize(size_t(call.max_outputs));
  }
  return kept;
}

template <class T>
std::vector<int64_t> plain_kept(const NmsCall& call) {
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      return plain_sweep<T, float>(call);
    case Accumulate::float64:
      return plain_sweep<T, double>(call);
    default:
      return plain_sweep<T, T>(call);
  }
}

template <class T>
void compare(Drawn& from, Dtype dtype) {
  Case drawn = draw<T>(from, dtype);
  const Result everything = at_every_level([&] { return suppress<T>(drawn); });
  const Result few = at_every_level([&] { return keep_only(drawn); });
  expect(everything.count == few.count && everything.outputs[0] == few.outputs[0],
         "what is kept depends on what is asked for");
  if (few.count < 0 || !is_plain(drawn.call)) return;
  const std::vector<int64_t> kept = plain_kept<T>(drawn.call);
  expect(kept.size() == size_t(few.count) &&
             std::equal(kept.begin(), kept.end(),
                        reinterpret_cast<const int64_t*>(few.outputs[0].data())),
         "the plain sweep keeps other boxes");
}

}  // namespace
}  // namespace opsbridge

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  opsbridge::Drawn from(data, size);
  const opsbridge::Dtype dtype = from.floating();
  opsbridge::with_floating_type(
      dtype, [&](auto zero) { opsbridge::compare<decltype(zero)>(from, dtype); });
  return 0;
}
