#include "ops/nms_host.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/candidate_order.h"
#include "ops/nms.h"
#include "ops/nms_levels.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

template <class T>
std::vector<T> read_scores(const NmsCall& call, int64_t count) {
  std::vector<T> scores(count);
  for (int64_t i = 0; i < count; ++i) {
    scores[i] = call.score_column < 0 ? read<T>(call.scores, i)
                                      : read<T>(call.scores, i, call.score_column);
  }
  return scores;
}

template <class T>
bool is_candidate(T score, const NmsCall& call) {
  if (call.rule.nan_score == NanScore::drop && is_nan(score)) return false;
  return is_nan(call.score_threshold) || static_cast<double>(score) > call.score_threshold;
}

template <class T>
std::vector<int64_t> ranked_candidates(const std::vector<T>& scores, const NmsCall& call) {
  std::vector<int64_t> candidates;
  candidates.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (is_candidate(scores[i], call)) candidates.push_back(static_cast<int64_t>(i));
  }
  sort_candidates(candidates, scores.data(), call.rule.order);
  if (call.pre_top_k >= 0 && static_cast<size_t>(call.pre_top_k) < candidates.size()) {
    candidates.resize(static_cast<size_t>(call.pre_top_k));
  }
  return candidates;
}

struct Grouping {
  bool is_shifted, is_exact;
};

Grouping grouping_of(const NmsCall& call, int64_t count) {
  if (!is_present(call.groups)) return {false, false};
  const bool shifts = call.rule.group_rule != GroupRule::per_group;
  if (shifts && call.shift_limit >= 0 && 4 * count > call.shift_limit) return {false, true};
  return {shifts, call.rule.group_rule != GroupRule::shifted};
}

// The corners of a row in a framework's layout, in the order x1, y1, x2, y2.
template <class T>
Box<T> corners_of(const NmsCall& call, int64_t row) {
  NmsRule layout_only = call.rule;
  layout_only.corner_order = CornerOrder::given;
  const int64_t first = call.first_box_column;
  return make_box<T>(read<T>(call.boxes, row, first), read<T>(call.boxes, row, first + 1),
                     read<T>(call.boxes, row, first + 2), read<T>(call.boxes, row, first + 3),
                     layout_only);
}

// What separates two groups: the largest coordinate plus one. A NaN wins, as in the frameworks.
template <class T>
T shift_step(const NmsCall& call, int64_t count) {
  T largest = static_cast<T>(-std::numeric_limits<float>::infinity());
  for (int64_t i = 0; i < count; ++i) {
    const Box<T> box = corners_of<T>(call, i);
    for (const T value : {box.x1, box.y1, box.x2, box.y2}) {
      if (!(value <= largest)) largest = value;
      if (is_nan(largest)) return largest;
    }
  }
  return largest + T(1);
}

// Boxes of the candidates in rank order, as structure of arrays.
template <class A>
struct Ranked {
  std::vector<A> x1, y1, x2, y2, area;
  std::vector<int64_t> group;
  std::vector<uint8_t> suppressed;
};

template <class T, class A>
Ranked<A> gather(const NmsCall& call, const std::vector<int64_t>& candidates, int64_t count) {
  const Grouping grouping = grouping_of(call, count);
  const T step = grouping.is_shifted ? shift_step<T>(call, count) : T(0);
  const size_t size = candidates.size();
  Ranked<A> ranked{std::vector<A>(size),      std::vector<A>(size), std::vector<A>(size),
                   std::vector<A>(size),      std::vector<A>(size), {},
                   std::vector<uint8_t>(size)};
  if (grouping.is_exact) ranked.group.resize(size);
  const bool second_pair_is_size =
      call.rule.layout == Layout::xywh || call.rule.layout == Layout::cxcywh;
  for (size_t rank = 0; rank < size; ++rank) {
    const int64_t row = candidates[rank];
    T corner[4];
    for (int64_t j = 0; j < 4; ++j) {
      corner[j] = read<T>(call.boxes, row, call.first_box_column + j);
      // A size does not move with its box.
      if (grouping.is_shifted && (j < 2 || !second_pair_is_size)) {
        corner[j] = corner[j] + static_cast<T>(read<int64_t>(call.groups, row)) * step;
      }
    }
    const Box<A> box = make_box<A>(static_cast<A>(corner[0]), static_cast<A>(corner[1]),
                                   static_cast<A>(corner[2]), static_cast<A>(corner[3]), call.rule);
    ranked.x1[rank] = box.x1;
    ranked.y1[rank] = box.y1;
    ranked.x2[rank] = box.x2;
    ranked.y2[rank] = box.y2;
    ranked.area[rank] = box.area;
    if (grouping.is_exact) ranked.group[rank] = read<int64_t>(call.groups, row);
  }
  return ranked;
}

template <class T, class A>
std::vector<uint8_t> suppressed_by_rank(const NmsCall& call, const std::vector<int64_t>& candidates,
                                        int64_t count) {
  Ranked<A> ranked = gather<T, A>(call, candidates, count);
  NmsSweep<A> sweep;
  sweep.count = static_cast<int64_t>(candidates.size());
  sweep.x1 = ranked.x1.data();
  sweep.y1 = ranked.y1.data();
  sweep.x2 = ranked.x2.data();
  sweep.y2 = ranked.y2.data();
  sweep.area = ranked.area.data();
  sweep.group = ranked.group.empty() ? nullptr : ranked.group.data();
  sweep.suppressed = ranked.suppressed.data();
  sweep.threshold = held_threshold<T>(call.iou_threshold, call.rule.threshold_type);
  sweep.threshold_decay = call.threshold_decay;
  sweep.max_outputs = call.max_outputs;
  sweep.rule = call.rule;
  OPSBRIDGE_AT_LEVEL(nms_sweep(sweep));
  return std::move(ranked.suppressed);
}

void store(const TensorView& view, int64_t i, int64_t value) {
  const int64_t at = i * view.strides[0];
  switch (view.dtype) {
    case Dtype::int64:
      static_cast<int64_t*>(view.data)[at] = value;
      return;
    case Dtype::int32:
      static_cast<int32_t*>(view.data)[at] = static_cast<int32_t>(value);
      return;
    default:
      static_cast<uint8_t*>(view.data)[at] = static_cast<uint8_t>(value);
      return;
  }
}

template <class T>
void write_keep(const NmsCall& call, const std::vector<T>& scores, std::vector<int64_t> kept) {
  if (call.rule.kept_order != KeptOrder::rank) std::sort(kept.begin(), kept.end());
  if (call.rule.kept_order == KeptOrder::introsort) {
    sort_candidates(kept, scores.data(), Order::introsort);
  }
  for (size_t i = 0; i < kept.size(); ++i) store(call.keep, static_cast<int64_t>(i), kept[i]);
}

// Candidates by rank, then the rows that were none, in input order.
std::vector<int64_t> all_rows_by_rank(const std::vector<int64_t>& candidates, int64_t count) {
  std::vector<int64_t> rows(candidates);
  if (static_cast<int64_t>(rows.size()) == count) return rows;
  std::vector<bool> is_ranked(static_cast<size_t>(count));
  for (int64_t row : candidates) is_ranked[static_cast<size_t>(row)] = true;
  for (int64_t row = 0; row < count; ++row) {
    if (!is_ranked[static_cast<size_t>(row)]) rows.push_back(row);
  }
  return rows;
}

template <class T>
void write_sorted_boxes(const NmsCall& call, const std::vector<T>& scores,
                        const std::vector<int64_t>& rows) {
  const TensorView& out = call.sorted_boxes;
  for (size_t rank = 0; rank < rows.size(); ++rank) {
    T* row = static_cast<T*>(out.data) + static_cast<int64_t>(rank) * out.strides[0];
    for (int64_t j = 0; j < 4; ++j) {
      row[j * out.strides[1]] = read<T>(call.boxes, rows[rank], call.first_box_column + j);
    }
    row[4 * out.strides[1]] = scores[static_cast<size_t>(rows[rank])];
  }
}

template <class T>
int64_t run(const NmsCall& call) {
  const int64_t count = call.boxes.shape[0];
  const std::vector<T> scores = read_scores<T>(call, count);
  if (call.rule.nan_score == NanScore::refuse) {
    for (int64_t i = 0; i < count; ++i) {
      if (is_nan(scores[i])) return -1 - i;
    }
  }
  const std::vector<int64_t> candidates = ranked_candidates(scores, call);
  std::vector<uint8_t> suppressed;
  switch (call.rule.accumulate) {
    case Accumulate::same:
      suppressed = suppressed_by_rank<T, T>(call, candidates, count);
      break;
    case Accumulate::float32:
      suppressed = suppressed_by_rank<T, float>(call, candidates, count);
      break;
    case Accumulate::float64:
      suppressed = suppressed_by_rank<T, double>(call, candidates, count);
      break;
  }
  std::vector<int64_t> kept;
  for (size_t rank = 0; rank < candidates.size(); ++rank) {
    if (!suppressed[rank]) kept.push_back(candidates[rank]);
  }
  if (is_present(call.keep_mask)) {
    for (int64_t i = 0; i < count; ++i) store(call.keep_mask, i, 0);
    for (int64_t row : kept) store(call.keep_mask, row, 1);
  }
  if (is_present(call.sorted_boxes)) {
    write_sorted_boxes(call, scores, all_rows_by_rank(candidates, count));
  }
  if (is_present(call.sorted_positions)) {
    for (int64_t i = 0; i < count; ++i) store(call.sorted_positions, i, i);
  }
  if (is_present(call.sorted_keep_mask)) {
    suppressed.resize(static_cast<size_t>(count), 1);
    for (int64_t i = 0; i < count; ++i) store(call.sorted_keep_mask, i, !suppressed[i]);
  }
  const int64_t kept_count = static_cast<int64_t>(kept.size());
  if (is_present(call.keep)) write_keep(call, scores, std::move(kept));
  return kept_count;
}

}  // namespace

int64_t nms(const NmsCall& call) {
  return with_floating_type(call.boxes.dtype, [&](auto zero) { return run<decltype(zero)>(call); });
}

}  // namespace opsbridge
