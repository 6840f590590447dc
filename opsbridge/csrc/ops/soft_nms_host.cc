#include "ops/soft_nms_host.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/candidate_order.h"
#include "ops/group_runs.h"
#include "ops/scored_boxes.h"
#include "ops/soft_nms.h"
#include "ops/soft_nms_blocks.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// Lowers what the selected box overlaps. What falls below the minimum is replaced by the last live
// candidate, which is looked at next: later selections depend on that order.
template <class A>
size_t lower_after(std::vector<Candidate<A>>& live, size_t selected, size_t count,
                   const SoftSettings<A>& settings) {
  const BoxOffset offset = settings.rule.box_offset;
  const bool skips = settings.rule.disjoint_box == DisjointBox::skipped;
  const Box<A> winner = live[selected].box;
  for (size_t i = selected + 1; i < count;) {
    Candidate<A>& other = live[i];
    if (skips && !overlaps(winner, other.box, offset)) {
      ++i;
      continue;
    }
    other.score = soft_weight(overlap_of(winner, other.box, offset), settings) * other.score;
    if (other.score < settings.min_score) {
      other = live[--count];
    } else {
      ++i;
    }
  }
  return count;
}

// Leaves the selected candidates, in order of selection; the first `selected` are so already.
template <class A>
void select_from(size_t selected, std::vector<Candidate<A>>& live,
                 const SoftSettings<A>& settings) {
  size_t count = live.size();
  for (size_t i = selected; i < count; ++i) {
    size_t best = i;
    for (size_t j = i + 1; j < count; ++j) {
      if (live[best].score < live[j].score) best = j;
    }
    std::swap(live[i], live[best]);
    if (settings.rule.first_box == FirstBox::checked && live[i].score < settings.min_score) {
      count = i;
      break;
    }
    count = lower_after(live, i, count, settings);
  }
  live.resize(count);
}

// What was selected, by row of the input: its scores, and the rows in the order of the result.
template <class T>
struct Selected {
  std::vector<T> scores;
  std::vector<int64_t> rows;
};

template <class T, class A>
Selected<T> select_in_runs(const SoftNmsCall& call, const Runs& runs, Grouping grouping,
                           std::vector<T> scores) {
  const SoftNmsRule& rule = call.rule;
  const BoxReader<T, A> box_at(call.rows, rule.layout, rule.corner_order, rule.box_offset,
                               grouping);
  const SoftSettings<A> settings{static_cast<A>(call.iou_threshold), static_cast<A>(call.sigma),
                                 static_cast<A>(call.min_score), rule};
  Selected<T> selected{std::move(scores), {}};
  std::vector<Candidate<A>> live;
  SoftBlockStore<A> blocks;
  size_t begin = 0;
  for (size_t end : runs.ends) {
    live.clear();
    for (size_t i = begin; i < end; ++i) {
      const int64_t row = runs.rows[i];
      live.push_back({box_at(row), static_cast<A>(selected.scores[row]), row});
    }
    select_from(blocks.select(live, settings), live, settings);
    for (const Candidate<A>& each : live) {
      selected.scores[each.row] = static_cast<T>(each.score);
      selected.rows.push_back(each.row);
    }
    begin = end;
  }
  return selected;
}

template <class T>
void order_rows(const SoftNmsCall& call, size_t runs, Selected<T>& selected) {
  std::vector<int64_t>& rows = selected.rows;
  const T* scores = selected.scores.data();
  const bool is_over = call.shift_limit >= 0 && 4 * call.rows.count() > call.shift_limit;
  const KeptOrder order = call.rule.kept_order;
  if (order == KeptOrder::index) return std::sort(rows.begin(), rows.end());
  if (order == KeptOrder::introsort || (order == KeptOrder::introsort_over_limit && is_over)) {
    std::sort(rows.begin(), rows.end());
    sort_candidates(rows, scores, Order::introsort);
  } else if (runs > 1) {
    sort_candidates(rows, scores, Order::stable);
  }
}

template <class T>
Selected<T> select_in_working_type(const SoftNmsCall& call, const Runs& runs, Grouping grouping,
                                   std::vector<T> scores) {
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      return select_in_runs<T, float>(call, runs, grouping, std::move(scores));
    case Accumulate::float64:
      return select_in_runs<T, double>(call, runs, grouping, std::move(scores));
    default:
      return select_in_runs<T, T>(call, runs, grouping, std::move(scores));
  }
}

template <class T>
int64_t run(const SoftNmsCall& call) {
  const int64_t nan_group = first_nan_group(call.rows);
  if (nan_group >= 0) return refusal(nan_group, NmsError::nan_group);
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, call.rule);
  std::vector<T> scores = read_scores<T>(call.rows, call.scores, call.score_column);
  std::vector<int64_t> all(scores.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const Runs runs = runs_of(call.rows, grouping.is_exact, all, scores.data(), Order::given);
  Selected<T> selected = select_in_working_type(call, runs, grouping, std::move(scores));
  order_rows(call, runs.ends.size(), selected);
  if (is_present(call.keep)) {
    for (size_t i = 0; i < selected.rows.size(); ++i) {
      store(call.keep, static_cast<int64_t>(i), selected.rows[i]);
    }
  }
  if (is_present(call.kept_boxes)) {
    write_scored_boxes(call.kept_boxes, call.rows, selected.scores.data(), selected.rows);
  }
  return static_cast<int64_t>(selected.rows.size());
}

}  // namespace

int64_t soft_nms(const SoftNmsCall& call) {
  return with_floating_type(call.rows.boxes.dtype,
                            [&](auto zero) { return run<decltype(zero)>(call); });
}

}  // namespace opsbridge
