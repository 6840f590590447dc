#include "ops/nms_host.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "ops/nms_outputs.h"
#include "ops/nms_ranking.h"
#include "ops/nms_run.h"
#include "ops/scored_boxes.h"
#include "opsbridge/dispatch.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

// Below this a second thread costs more than it saves.
constexpr uint32_t kBoxesForThreads = 16384;

bool has_own_kept_order(const NmsCall& call) {
  const bool is_over = call.shift_limit >= 0 && 4 * call.rows.count() > call.shift_limit;
  return call.rule.kept_order == KeptOrder::introsort ||
         (call.rule.kept_order == KeptOrder::introsort_over_limit && is_over);
}

// Sweeps the runs [first, last) and marks the ranks that are kept.
template <class T, class A>
void mark_kept(const RunSweeper<T, A>& sweep, const CandidateRuns& runs, uint32_t first,
               uint32_t last, uint8_t* is_kept, int64_t* suppressor) {
  const uint32_t start = first == 0 ? 0 : runs.ends[first - 1];
  uint32_t longest = 0;
  for (uint32_t run = first, begin = start; run < last; begin = runs.ends[run++]) {
    longest = std::max(longest, runs.ends[run] - begin);
  }
  Scratch scratch;
  SweepRun<A> room = sweep.take_run(scratch, longest);
  uint32_t* places = scratch.take<uint32_t>(size_t(longest) + kBlock);
  for (uint32_t run = first, begin = start; run < last; begin = runs.ends[run++]) {
    const uint32_t count = sweep(room, runs.rows + begin, runs.ends[run] - begin, places,
                                 suppressor == nullptr ? nullptr : suppressor + begin);
    for (uint32_t i = 0; i < count; ++i) is_kept[runs.ranks[begin + places[i]]] = 1;
  }
}

// Runs do not compete, so each may be swept by any thread.
template <class T, class A>
void sweep_runs(const NmsCall& call, const RunSweeper<T, A>& sweep, const CandidateRuns& runs,
                uint32_t candidates, uint8_t* is_kept, int64_t* suppressor) {
  const bool is_small = candidates < kBoxesForThreads || runs.count < 2;
  const int threads = is_small ? 1 : static_cast<int>(std::min<int64_t>(call.threads, runs.count));
  const int64_t grain = std::max<int64_t>(1, runs.count / (8 * int64_t(threads)));
  std::atomic<bool> is_out_of_memory{false};
  parallel_for(runs.count, grain, threads, [&](int64_t first, int64_t last) {
    try {
      mark_kept(sweep, runs, static_cast<uint32_t>(first), static_cast<uint32_t>(last), is_kept,
                suppressor);
    } catch (const std::bad_alloc&) {
      is_out_of_memory = true;
    }
  });
  if (is_out_of_memory) throw std::bad_alloc();
}

template <class T, class A>
KeptRows kept_by_rank(const NmsCall& call, Grouping grouping, const Ranking& ranking,
                      const CandidateRuns& runs, int64_t* suppressor, Scratch& scratch) {
  // One run can stop early, unless another order decides what comes first.
  const bool is_cut = runs.count == 1 && !has_own_kept_order(call);
  const RunSweeper<T, A> sweep(call, grouping, is_cut ? call.max_outputs : -1);
  uint32_t* rows = scratch.take<uint32_t>(size_t(ranking.count) + kBlock);
  if (runs.ranks == nullptr) {
    Scratch sweeping;
    SweepRun<A> room = sweep.take_run(sweeping, ranking.count);
    const uint32_t count = sweep(room, runs.rows, ranking.count, rows, suppressor);
    for (uint32_t i = 0; i < count; ++i) rows[i] = ranking.rows[rows[i]];
    return {rows, count};
  }
  Scratch marking;
  uint8_t* is_kept = marking.take<uint8_t>(size_t(ranking.count) + 1);
  std::fill_n(is_kept, ranking.count, uint8_t(0));
  sweep.read_ahead();
  sweep_runs(call, sweep, runs, ranking.count, is_kept, suppressor);
  uint32_t count = 0;
  for (uint32_t rank = 0; rank < ranking.count; ++rank) {
    rows[count] = ranking.rows[rank];
    count += is_kept[rank];
  }
  return {rows, count};
}

// Calls body with a number of the type that the arithmetic of the rule has for boxes of type T.
template <class T, class Body>
KeptRows in_working_type(const NmsRule& rule, Body body) {
  switch (rule.accumulate) {
    case Accumulate::float32:
      return body(float());
    case Accumulate::float64:
      return body(double());
    default:
      return body(T());
  }
}

// Where the order of the candidates shows in nothing but the kept ones.
bool may_order_by_parts(const NmsCall& call, Grouping grouping) {
  return is_decided_in_vectors(call) && call.rule.order == Order::stable && !grouping.is_exact &&
         !has_own_kept_order(call) && call.pre_top_k < 0 && call.max_outputs != 0 &&
         !is_present(call.sorted_boxes) && !is_present(call.sorted_keep_mask);
}

template <class T>
KeptRows kept_by_parts(const NmsCall& call, Grouping grouping, Scratch& scratch) {
  using Key = typename ScoreKey<T>::type;
  const size_t most = count_of_rows(call);
  uint32_t* rows = scratch.take<uint32_t>(most + kBlock);
  Scratch collecting;
  Unordered<Key> candidates{collecting.take<uint32_t>(most), collecting.take<Key>(most), 0};
  candidates.count = collect_candidates<T>(call, candidates.rows, candidates.keys);
  return in_working_type<T>(call.rule, [&](auto zero) {
    const RunSweeper<T, decltype(zero)> sweep(call, grouping, call.max_outputs);
    return KeptRows{rows, sweep(candidates, rows)};
  });
}

// The kept rows as they are returned.
template <class T>
void put_in_order(const NmsCall& call, const Ranking& ranking, KeptRows& kept) {
  if (has_own_kept_order(call) && (ranking.has_equal_scores || call.rule.order == Order::given)) {
    sort_by_own_algorithm(ScoreReader<T>(call), Order::introsort, kept.rows, kept.count);
  }
  if (call.max_outputs >= 0 && call.max_outputs < kept.count) {
    kept.count = static_cast<uint32_t>(call.max_outputs);
  }
  if (call.rule.kept_order == KeptOrder::index) std::sort(kept.rows, kept.rows + kept.count);
}

template <class T>
int64_t first_nan_score(const NmsCall& call) {
  const ScoreReader<T> score_at(call);
  for (int64_t row = 0; row < call.rows.count(); ++row) {
    if (is_nan(score_at(row))) return row;
  }
  return -1;
}

template <class T>
int64_t run(const NmsCall& call) {
  if (call.rule.nan_score == NanScore::refuse) {
    const int64_t row = first_nan_score<T>(call);
    if (row >= 0) return refusal(row, NmsError::nan_score);
  }
  const int64_t nan_group = first_nan_group(call.rows);
  if (nan_group >= 0) return refusal(nan_group, NmsError::nan_group);
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, call.rule);
  Scratch scratch;
  if (may_order_by_parts(call, grouping)) {
    KeptRows kept = kept_by_parts<T>(call, grouping, scratch);
    const Ranking none{nullptr, 0, false};
    put_in_order<T>(call, none, kept);
    write_outputs<T>(call, none, kept);
    return kept.count;
  }
  const Ranking ranking = rank_candidates<T>(call, scratch);
  const CandidateRuns runs = cut_into_runs<T>(call, grouping.is_exact, ranking, scratch);
  int64_t* suppressor = nullptr;
  if (is_present(call.matched)) {
    suppressor = scratch.take<int64_t>(ranking.count);
    std::fill_n(suppressor, ranking.count, int64_t(-1));
  }
  KeptRows kept = in_working_type<T>(call.rule, [&](auto zero) {
    return kept_by_rank<T, decltype(zero)>(call, grouping, ranking, runs, suppressor, scratch);
  });
  put_in_order<T>(call, ranking, kept);
  write_outputs<T>(call, ranking, kept);
  if (is_present(call.matched)) write_matches(call, runs, kept, suppressor);
  return kept.count;
}

}  // namespace

int64_t nms(const NmsCall& call) {
  return with_floating_type(call.rows.boxes.dtype,
                            [&](auto zero) { return run<decltype(zero)>(call); });
}

}  // namespace opsbridge
