#include "ops/nms_host.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/candidate_order.h"
#include "ops/group_runs.h"
#include "ops/nms.h"
#include "ops/nms_levels.h"
#include "ops/nms_outputs.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

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

// Boxes in the order of the sweep, as structure of arrays.
template <class A>
struct Gathered {
  explicit Gathered(size_t size) : x1(size), y1(size), x2(size), y2(size), area(size) {}
  std::vector<A> x1, y1, x2, y2, area;
};

template <class T, class A>
Gathered<A> gather(const BoxReader<T, A>& box_at, const std::vector<int64_t>& rows) {
  Gathered<A> boxes(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Box<A> box = box_at(rows[i]);
    boxes.x1[i] = box.x1;
    boxes.y1[i] = box.y1;
    boxes.x2[i] = box.x2;
    boxes.y2[i] = box.y2;
    boxes.area[i] = box.area;
  }
  return boxes;
}

// What became of each candidate, in the order of the sweep.
struct Swept {
  std::vector<uint8_t> suppressed;
  std::vector<int64_t> suppressor;  // place inside the run; empty: not asked for
};

template <class T, class A>
Swept sweep_runs(const NmsCall& call, const Runs& runs, Grouping grouping) {
  const NmsRule& rule = call.rule;
  const BoxReader<T, A> box_at(call.rows, rule.layout, rule.corner_order, rule.box_offset,
                               grouping);
  const Gathered<A> boxes = gather(box_at, runs.rows);
  Swept swept{std::vector<uint8_t>(runs.rows.size()), {}};
  if (is_present(call.matched)) swept.suppressor.assign(runs.rows.size(), -1);
  NmsSweep<A> sweep;
  sweep.threshold = held_threshold<T>(call.iou_threshold, rule.threshold_type);
  sweep.threshold_decay = call.threshold_decay;
  // One run can stop early, unless another order decides what comes first.
  const bool is_cut = runs.ends.size() == 1 && rule.kept_order != KeptOrder::introsort &&
                      rule.kept_order != KeptOrder::introsort_over_limit;
  sweep.max_outputs = is_cut ? call.max_outputs : -1;
  sweep.rule = rule;
  size_t begin = 0;
  for (size_t end : runs.ends) {
    sweep.count = static_cast<int64_t>(end - begin);
    sweep.x1 = boxes.x1.data() + begin;
    sweep.y1 = boxes.y1.data() + begin;
    sweep.x2 = boxes.x2.data() + begin;
    sweep.y2 = boxes.y2.data() + begin;
    sweep.area = boxes.area.data() + begin;
    sweep.suppressed = swept.suppressed.data() + begin;
    sweep.suppressor = swept.suppressor.empty() ? nullptr : swept.suppressor.data() + begin;
    OPSBRIDGE_AT_LEVEL(nms_sweep(sweep));
    begin = end;
  }
  return swept;
}

template <class T>
Swept sweep_in_working_type(const NmsCall& call, const Runs& runs, Grouping grouping) {
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      return sweep_runs<T, float>(call, runs, grouping);
    case Accumulate::float64:
      return sweep_runs<T, double>(call, runs, grouping);
    default:
      return sweep_runs<T, T>(call, runs, grouping);
  }
}

// The suppressors as rows of the input.
std::vector<int64_t> suppressor_rows(const Runs& runs, const Swept& swept, int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count), -1);
  size_t begin = 0;
  for (size_t end : runs.ends) {
    for (size_t i = begin; i < end; ++i) {
      const int64_t by = swept.suppressor[i];
      if (by >= 0) rows[runs.rows[i]] = runs.rows[begin + static_cast<size_t>(by)];
    }
    begin = end;
  }
  return rows;
}

template <class T>
std::vector<int64_t> kept_rows(const NmsCall& call, const std::vector<int64_t>& ranked,
                               const Runs& runs, const Swept& swept, const T* scores) {
  std::vector<uint8_t> is_dropped(static_cast<size_t>(call.rows.count()));
  for (size_t i = 0; i < runs.rows.size(); ++i) is_dropped[runs.rows[i]] = swept.suppressed[i];
  std::vector<int64_t> kept;
  for (int64_t row : ranked) {
    if (!is_dropped[row]) kept.push_back(row);
  }
  const bool is_over = call.shift_limit >= 0 && 4 * call.rows.count() > call.shift_limit;
  const KeptOrder order = call.rule.kept_order;
  if (order == KeptOrder::introsort || (order == KeptOrder::introsort_over_limit && is_over)) {
    std::sort(kept.begin(), kept.end());
    sort_candidates(kept, scores, Order::introsort);
  }
  if (call.max_outputs >= 0 && static_cast<size_t>(call.max_outputs) < kept.size()) {
    kept.resize(static_cast<size_t>(call.max_outputs));
  }
  if (order == KeptOrder::index) std::sort(kept.begin(), kept.end());
  return kept;
}

template <class T>
int64_t run(const NmsCall& call) {
  const int64_t count = call.rows.count();
  const std::vector<T> scores = read_scores<T>(call.rows, call.scores, call.score_column);
  if (call.rule.nan_score == NanScore::refuse) {
    for (int64_t i = 0; i < count; ++i) {
      if (is_nan(scores[i])) return refusal(i, NmsError::nan_score);
    }
  }
  const int64_t nan_group = first_nan_group(call.rows);
  if (nan_group >= 0) return refusal(nan_group, NmsError::nan_group);
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, call.rule);
  NmsFindings found;
  found.ranked = ranked_candidates(scores, call);
  const Runs runs =
      runs_of(call.rows, grouping.is_exact, found.ranked, scores.data(), call.rule.order);
  const Swept swept = sweep_in_working_type<T>(call, runs, grouping);
  found.kept = kept_rows(call, found.ranked, runs, swept, scores.data());
  if (is_present(call.matched)) {
    found.suppressor = suppressor_rows(runs, swept, count);
    found.in_order = runs.rows;
  }
  write_outputs(call, found, scores.data());
  return static_cast<int64_t>(found.kept.size());
}

}  // namespace

int64_t nms(const NmsCall& call) {
  return with_floating_type(call.rows.boxes.dtype,
                            [&](auto zero) { return run<decltype(zero)>(call); });
}

}  // namespace opsbridge
