#include "ops/soft_nms_host.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ops/candidate_order.h"
#include "ops/group_runs.h"
#include "ops/scored_boxes.h"
#include "ops/soft_nms.h"
#include "ops/soft_nms_blocks.h"
#include "opsbridge/dispatch.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace {

// A candidate in the array in which the frameworks select.
template <class A>
struct Live {
  Candidate<A> candidate;
  uint32_t number;
};

// Lowers what the selected box overlaps. What falls below the minimum is replaced by the last live
// candidate, which is looked at next: later selections depend on that order.
template <class A>
size_t lower_after(std::vector<Live<A>>& live, size_t selected, size_t count,
                   const SoftSettings<A>& settings) {
  const BoxOffset offset = settings.rule.box_offset;
  const bool skips = settings.rule.disjoint_box == DisjointBox::skipped;
  const Box<A> winner = live[selected].candidate.box;
  for (size_t i = selected + 1; i < count;) {
    Candidate<A>& other = live[i].candidate;
    if (skips && !overlaps(winner, other.box, offset)) {
      ++i;
      continue;
    }
    other.score = soft_weight(overlap_of(winner, other.box, offset), settings) * other.score;
    if (other.score < settings.min_score) {
      live[i] = live[--count];
    } else {
      ++i;
    }
  }
  return count;
}

// Leaves the selected candidates, in order of selection; the first `selected` are so already.
template <class A>
void select_from(size_t selected, std::vector<Live<A>>& live, const SoftSettings<A>& settings) {
  size_t count = live.size();
  for (size_t i = selected; i < count; ++i) {
    if (may_end_at(static_cast<int64_t>(i))) break;
    size_t best = i;
    for (size_t j = i + 1; j < count; ++j) {
      if (live[best].candidate.score < live[j].candidate.score) best = j;
    }
    std::swap(live[i], live[best]);
    const A score = live[i].candidate.score;
    if (settings.rule.first_box == FirstBox::checked && score < settings.min_score) {
      count = i;
      break;
    }
    count = lower_after(live, i, count, settings);
  }
  live.resize(count);
}

// All candidates, in order.
template <class A>
std::vector<Live<A>> all_live(const Candidates<A>& candidates) {
  std::vector<Live<A>> live;
  for (uint32_t i = 0; i < candidates.count; ++i) live.push_back({candidates.each[i], i});
  return live;
}

// What is selected, and what is left to select from.
template <class A>
std::vector<Live<A>> live_in(SoftBlocks<A>& blocks, const Candidates<A>& candidates) {
  const float none = -std::numeric_limits<float>::infinity();
  std::vector<Live<A>> all = all_live(candidates);
  for (Live<A>& each : all) each.candidate.score = A(none);
  for (int64_t slot = 0; slot < blocks.slots; ++slot) {
    const auto score = blocks.each.score[slot];
    if (score != none) all[blocks.candidate[slot]].candidate.score = A(score);
  }
  SoftPositions& positions = blocks.positions;
  for (int64_t i = 0; i < blocks.selected; ++i) {
    all[positions.selected[i]].candidate.score = A(blocks.selected_score[i]);
  }
  follow(positions, static_cast<uint32_t>(blocks.selected));
  std::vector<Live<A>> live;
  for (uint32_t i = 0; i < positions.live; ++i) live.push_back(all[positions.candidate[i]]);
  return live;
}

// The rows that are selected, in that order, and the scores of all rows, lowered.
template <class T>
struct Selected {
  T* scores;
  int64_t* rows;
  size_t count;
};

template <class T, class A>
class RunSelector {
 public:
  RunSelector(const SoftNmsCall& call, Grouping grouping)
      : call_(call),
        box_at_(call.rows, call.rule.layout, call.rule.corner_order, call.rule.box_offset,
                grouping),
        settings_{static_cast<A>(call.iou_threshold), static_cast<A>(call.sigma),
                  static_cast<A>(call.min_score), call.rule} {
    is_plain_ = call.rule.layout == Layout::xyxy && call.rule.corner_order == CornerOrder::given &&
                !grouping.is_shifted && call.rows.boxes.strides[1] == 1;
  }

  // Selects from candidates, whose rows row_at(i) gives.
  template <class RowAt>
  void operator()(uint32_t count, RowAt row_at, Selected<T>& selected) const {
    Scratch scratch;
    const Candidates<A> candidates = read(count, row_at, selected.scores, scratch);
    const auto keep = [&](uint32_t number, A score) {
      const int64_t row = row_at(number);
      selected.scores[row] = static_cast<T>(score);
      selected.rows[selected.count++] = row;
    };
    if (!candidates.are_ordinary) return select_plainly(0, all_live(candidates), keep);
    SoftBlocks<A> blocks = make_blocks(candidates, settings_, scratch);
    OPSBRIDGE_AT_LEVEL(soft_nms_in_blocks(blocks));
    if (blocks.selected < blocks.live) {
      return select_plainly(static_cast<size_t>(blocks.selected), live_in(blocks, candidates),
                            keep);
    }
    for (int64_t i = 0; i < blocks.selected; ++i) {
      keep(blocks.positions.selected[i], static_cast<A>(blocks.selected_score[i]));
    }
  }

 private:
  template <class RowAt>
  Candidates<A> read(uint32_t count, RowAt row_at, const T* scores, Scratch& scratch) const {
    const TensorView& view = call_.rows.boxes;
    const auto score_at = [=](uint32_t i) { return static_cast<A>(scores[row_at(i)]); };
    if (!is_plain_) {
      const auto box_at = [&](uint32_t i) { return box_at_(row_at(i)); };
      return read_candidates<A>(count, scratch, box_at, score_at);
    }
    const T* first = static_cast<const T*>(view.data) + call_.rows.first_column;
    const int64_t stride = view.strides[0];
    const BoxOffset offset = call_.rule.box_offset;
    const auto box_at = [=](uint32_t i) {
      const T* c = first + row_at(i) * stride;
      return make_box<A>(static_cast<A>(c[0]), static_cast<A>(c[1]), static_cast<A>(c[2]),
                         static_cast<A>(c[3]), Layout::xyxy, CornerOrder::given, offset);
    };
    return read_candidates<A>(count, scratch, box_at, score_at);
  }

  template <class Keep>
  void select_plainly(size_t selected, std::vector<Live<A>> live, Keep keep) const {
    select_from(selected, live, settings_);
    for (const Live<A>& each : live) keep(each.number, each.candidate.score);
  }

  const SoftNmsCall& call_;
  BoxReader<T, A> box_at_;
  SoftSettings<A> settings_;
  bool is_plain_;
};

// Returns the number of runs.
template <class T, class A>
size_t select_in_runs(const SoftNmsCall& call, Grouping grouping, Selected<T>& selected) {
  const RunSelector<T, A> select(call, grouping);
  const uint32_t count = static_cast<uint32_t>(call.rows.count());
  if (!grouping.is_exact) {
    select(count, [](uint32_t i) { return int64_t(i); }, selected);
    return 1;
  }
  std::vector<int64_t> all(count);
  for (uint32_t i = 0; i < count; ++i) all[i] = i;
  const Runs runs = runs_of(call.rows, true, all, selected.scores, Order::given);
  size_t begin = 0;
  for (const size_t end : runs.ends) {
    const int64_t* rows = runs.rows.data() + begin;
    select(static_cast<uint32_t>(end - begin), [=](uint32_t i) { return rows[i]; }, selected);
    begin = end;
  }
  return runs.ends.size();
}

template <class T>
void order_rows(const SoftNmsCall& call, size_t runs, Selected<T>& selected) {
  const bool is_over = call.shift_limit >= 0 && 4 * call.rows.count() > call.shift_limit;
  const KeptOrder order = call.rule.kept_order;
  const bool sorts =
      order == KeptOrder::introsort || (order == KeptOrder::introsort_over_limit && is_over);
  if (sorts || order == KeptOrder::index) {
    std::sort(selected.rows, selected.rows + selected.count);
  }
  if (order == KeptOrder::index || !(sorts || runs > 1)) return;
  std::vector<int64_t> rows(selected.rows, selected.rows + selected.count);
  sort_candidates(rows, selected.scores, sorts ? Order::introsort : Order::stable);
  std::copy(rows.begin(), rows.end(), selected.rows);
}

template <class T>
size_t select_in_working_type(const SoftNmsCall& call, Grouping grouping, Selected<T>& selected) {
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      return select_in_runs<T, float>(call, grouping, selected);
    case Accumulate::float64:
      return select_in_runs<T, double>(call, grouping, selected);
    default:
      return select_in_runs<T, T>(call, grouping, selected);
  }
}

template <class T>
int64_t run(const SoftNmsCall& call) {
  const int64_t nan_group = first_nan_group(call.rows);
  if (nan_group >= 0) return refusal(nan_group, NmsError::nan_group);
  const size_t count = static_cast<size_t>(call.rows.count());
  if (count >= 0xffffffff) throw std::length_error("soft_nms takes fewer than 2**32 - 1 boxes");
  Scratch scratch;
  Selected<T> selected{scratch.take<T>(count), scratch.take<int64_t>(count), 0};
  read_scores(call.rows, call.scores, call.score_column, selected.scores);
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, call.rule);
  const size_t runs = select_in_working_type(call, grouping, selected);
  order_rows(call, runs, selected);
  if (is_present(call.keep)) {
    for (size_t i = 0; i < selected.count; ++i) {
      store(call.keep, static_cast<int64_t>(i), selected.rows[i]);
    }
  }
  if (is_present(call.kept_boxes)) {
    write_scored_boxes(call.kept_boxes, call.rows, selected.scores, selected.rows, selected.count);
  }
  return static_cast<int64_t>(selected.count);
}

}  // namespace

int64_t soft_nms(const SoftNmsCall& call) {
  return with_floating_type(call.rows.boxes.dtype,
                            [&](auto zero) { return run<decltype(zero)>(call); });
}

}  // namespace opsbridge
