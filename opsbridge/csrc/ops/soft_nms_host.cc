#include "ops/soft_nms_host.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "ops/candidate_order.h"
#include "ops/group_runs.h"
#include "ops/scored_boxes.h"
#include "ops/soft_nms.h"
#include "ops/soft_nms_blocks.h"
#include "ops/soft_nms_selection.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// All candidates, in order.
template <class S, class A>
std::vector<Live<A, S>> all_live(const Candidates<A>& candidates) {
  std::vector<Live<A, S>> live;
  for (uint32_t i = 0; i < candidates.count; ++i) {
    live.push_back({candidates.each[i].box, static_cast<S>(candidates.each[i].score), i});
  }
  return live;
}

// What is selected, and what is left to select from.
template <class A>
std::vector<Live<A, A>> live_in(SoftBlocks<A>& blocks, const Candidates<A>& candidates) {
  const float none = -std::numeric_limits<float>::infinity();
  std::vector<Live<A, A>> all = all_live<A>(candidates);
  for (Live<A, A>& each : all) each.score = A(none);
  for (int64_t slot = 0; slot < blocks.slots; ++slot) {
    const auto score = blocks.each.score[slot];
    if (score != none) all[blocks.candidate[slot]].score = A(score);
  }
  SoftPositions& positions = blocks.positions;
  for (int64_t i = 0; i < blocks.selected; ++i) {
    all[positions.selected[i]].score = A(blocks.selected_score[i]);
  }
  follow(positions, static_cast<uint32_t>(blocks.selected));
  std::vector<Live<A, A>> live;
  for (uint32_t i = 0; i < positions.live; ++i) live.push_back(all[positions.candidate[i]]);
  return live;
}

// Whether blocks of boxes select what the rule asks for.
bool takes_blocks(const SoftNmsRule& rule) {
  return rule.selection_order == SelectionOrder::in_place &&
         rule.overlap_form == OverlapForm::ratio && rule.score_type == ScoreType::working &&
         rule.min_score_test == MinScoreTest::below && rule.exponent == Exponent::quotient;
}

// The rows that are selected, in that order, and the scores of all rows, lowered.
template <class T>
struct Selected {
  T* scores;
  int64_t* rows;
  size_t count;
};

// Selects in runs of boxes of type T, computed in type A, with scores that are lowered in type S.
template <class T, class A, class S>
class RunSelector {
 public:
  // At most so many from each run; negative: all.
  RunSelector(const SoftNmsCall& call, Grouping grouping, int64_t most)
      : call_(call),
        box_at_(call.rows, call.rule.layout, call.rule.corner_order, call.rule.box_offset,
                grouping),
        settings_{static_cast<S>(call.iou_threshold), static_cast<S>(call.sigma),
                  static_cast<S>(call.min_score), call.rule},
        most_(most < 0 ? SIZE_MAX : static_cast<size_t>(most)) {
    is_plain_ = call.rule.layout == Layout::xyxy && call.rule.corner_order == CornerOrder::given &&
                !grouping.is_shifted && call.rows.boxes.strides[1] == 1;
  }

  // Selects from candidates, whose rows row_at(i) gives.
  template <class RowAt>
  void operator()(uint32_t count, RowAt row_at, Selected<T>& selected) const {
    Scratch scratch;
    const Candidates<A> candidates = read(count, row_at, selected.scores, scratch);
    const auto keep = [&](uint32_t number, S score) {
      const int64_t row = row_at(number);
      selected.scores[row] = static_cast<T>(score);
      selected.rows[selected.count++] = row;
    };
    if constexpr (std::is_same_v<A, S>) {
      if (candidates.are_ordinary && takes_blocks(call_.rule)) {
        return select_in_blocks(candidates, scratch, keep);
      }
    }
    std::vector<Live<A, S>> live = all_live<S>(candidates);
    select_plainly(most_, live, settings_);
    for (const Live<A, S>& each : live) keep(each.number, each.score);
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
  void select_in_blocks(const Candidates<A>& candidates, Scratch& scratch, Keep keep) const {
    SoftBlocks<A> blocks = make_blocks(candidates, settings_, scratch);
    blocks.most = static_cast<int64_t>(smaller(most_, size_t(candidates.count)));
    OPSBRIDGE_AT_LEVEL(soft_nms_in_blocks(blocks));
    if (blocks.selected < smaller(blocks.live, blocks.most)) {
      std::vector<Live<A, A>> live = live_in(blocks, candidates);
      select_in_place(static_cast<size_t>(blocks.selected), most_, live, settings_);
      for (const Live<A, A>& each : live) keep(each.number, each.score);
      return;
    }
    for (int64_t i = 0; i < blocks.selected; ++i) {
      keep(blocks.positions.selected[i], static_cast<A>(blocks.selected_score[i]));
    }
  }

  const SoftNmsCall& call_;
  BoxReader<T, A> box_at_;
  SoftSettings<S> settings_;
  size_t most_;
  bool is_plain_;
};

// Whether the selected rows are returned in an order that a sort of their scores decides.
bool sorts_scores(const SoftNmsCall& call) {
  const bool is_over = call.shift_limit >= 0 && 4 * call.rows.count() > call.shift_limit;
  const KeptOrder order = call.rule.kept_order;
  return order == KeptOrder::introsort || (order == KeptOrder::introsort_over_limit && is_over);
}

// Returns the number of runs.
template <class T, class A, class S>
size_t select_in_runs(const SoftNmsCall& call, Grouping grouping, Selected<T>& selected) {
  // One run can stop early, unless another order decides what comes first.
  const bool is_cut = !grouping.is_exact && !sorts_scores(call);
  const RunSelector<T, A, S> select(call, grouping, is_cut ? call.max_outputs : -1);
  const uint32_t count = static_cast<uint32_t>(call.rows.count());
  if (!grouping.is_exact) {
    select(count, [](uint32_t i) { return int64_t(i); }, selected);
    return 1;
  }
  std::vector<int64_t> all(count);
  for (uint32_t i = 0; i < count; ++i) all[i] = i;
  const Runs runs = runs_of(call.rows, all);
  size_t begin = 0;
  for (const size_t end : runs.ends) {
    const int64_t* rows = runs.rows.data() + begin;
    select(static_cast<uint32_t>(end - begin), [=](uint32_t i) { return rows[i]; }, selected);
    begin = end;
  }
  return runs.ends.size();
}

template <class T>
void sort_by_score(Selected<T>& selected, Order order) {
  std::vector<int64_t> rows(selected.rows, selected.rows + selected.count);
  sort_candidates(rows, selected.scores, order);
  std::copy(rows.begin(), rows.end(), selected.rows);
}

template <class T>
void put_in_order(const SoftNmsCall& call, size_t runs, Selected<T>& selected) {
  if (sorts_scores(call)) {
    std::sort(selected.rows, selected.rows + selected.count);
    sort_by_score(selected, Order::introsort);
  } else if (runs > 1) {
    sort_by_score(selected, Order::stable);
  }
  if (call.max_outputs >= 0) {
    selected.count = smaller(selected.count, static_cast<size_t>(call.max_outputs));
  }
  if (call.rule.kept_order == KeptOrder::index) {
    std::sort(selected.rows, selected.rows + selected.count);
  }
}

template <class T, class A>
size_t select_in_score_type(const SoftNmsCall& call, Grouping grouping, Selected<T>& selected) {
  if (call.rule.score_type == ScoreType::working) {
    return select_in_runs<T, A, A>(call, grouping, selected);
  }
  return select_in_runs<T, A, float>(call, grouping, selected);
}

template <class T>
size_t select_in_working_type(const SoftNmsCall& call, Grouping grouping, Selected<T>& selected) {
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      return select_in_score_type<T, float>(call, grouping, selected);
    case Accumulate::float64:
      return select_in_score_type<T, double>(call, grouping, selected);
    default:
      return select_in_score_type<T, T>(call, grouping, selected);
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
  put_in_order(call, runs, selected);
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
