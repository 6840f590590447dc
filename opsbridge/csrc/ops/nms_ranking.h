// The candidates of a call, best first, and their cut into runs that do not compete. Host only.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "ops/candidate_order.h"
#include "ops/nms_candidates_levels.h"
#include "ops/nms_host.h"
#include "ops/radix_order.h"

namespace opsbridge {

// Rows of the input, best first. Rows and ranks are held in 32 bits.
struct Ranking {
  uint32_t* rows;
  uint32_t count;
  bool has_equal_scores;
};

// A score of a call, whose scores are a vector or a column.
template <class T>
class ScoreReader {
 public:
  explicit ScoreReader(const NmsCall& call)
      : data_(static_cast<const T*>(call.scores.data)), stride_(call.scores.strides[0]) {
    if (call.score_column >= 0) data_ += call.score_column * call.scores.strides[1];
  }
  T operator()(int64_t row) const { return data_[row * stride_]; }
  // Null where scores do not lie side by side.
  const T* data() const { return stride_ == 1 ? data_ : nullptr; }

 private:
  const T* data_;
  int64_t stride_;
};

// Where scores are equal, frameworks differ: only their own algorithm has their order.
inline bool sorts_by_own_algorithm(Order order) {
  return order == Order::introsort || order == Order::bitonic;
}

template <class T>
void sort_by_own_algorithm(const ScoreReader<T>& score_at, Order order, uint32_t* rows,
                           uint32_t count) {
  std::sort(rows, rows + count);
  std::vector<T> scores(count);
  std::vector<int64_t> places(count);
  for (uint32_t i = 0; i < count; ++i) {
    scores[i] = score_at(rows[i]);
    places[i] = rows[i];
  }
  std::vector<int64_t> sorted(count);
  for (uint32_t i = 0; i < count; ++i) sorted[i] = i;
  sort_candidates(sorted, scores.data(), order);
  for (uint32_t i = 0; i < count; ++i) rows[i] = static_cast<uint32_t>(places[sorted[i]]);
}

// Writes the candidates' rows, in input order, and their keys.
template <class T, class Key>
uint32_t collect_candidates(const NmsCall& call, uint32_t* rows, Key* keys) {
  const ScoreReader<T> score_at(call);
  const uint32_t count = static_cast<uint32_t>(call.rows.count());
  const bool drops_nan = call.rule.nan_score == NanScore::drop;
  if (!drops_nan && is_nan(call.score_threshold)) {
    if (score_at.data() != nullptr) {
      OPSBRIDGE_AT_LEVEL(descending_keys(score_at.data(), count, keys));
    } else {
      for (uint32_t row = 0; row < count; ++row) keys[row] = descending_key(score_at(row));
    }
    for (uint32_t row = 0; row < count; ++row) rows[row] = row;
    return count;
  }
  uint32_t size = 0;
  for (uint32_t row = 0; row < count; ++row) {
    const T score = score_at(row);
    rows[size] = row;
    keys[size] = descending_key(score);
    size += (is_nan(call.score_threshold) || static_cast<double>(score) > call.score_threshold) &
            !(drops_nan && is_nan(score));
  }
  return size;
}

inline size_t count_of_rows(const NmsCall& call) {
  const size_t count = static_cast<size_t>(call.rows.count());
  if (count >= 0xffffffff) throw std::length_error("nms takes fewer than 2**32 - 1 boxes");
  return count;
}

template <class T>
Ranking rank_candidates(const NmsCall& call, Scratch& scratch) {
  const size_t most = count_of_rows(call);
  using Key = typename ScoreKey<T>::type;
  Ranking ranking{scratch.take<uint32_t>(most), 0, false};
  {
    Scratch sorting;
    uint32_t* rows = sorting.take<uint32_t>(most);
    Key* keys = sorting.take<Key>(most);
    const uint32_t count = collect_candidates<T>(call, rows, keys);
    ranking.count = count;
    if (call.rule.order == Order::given) {
      std::copy_n(rows, count, ranking.rows);
    } else {
      ranking.has_equal_scores = radix_order(keys, count, ranking.rows);
      if (count < most) {
        for (uint32_t i = 0; i < count; ++i) ranking.rows[i] = rows[ranking.rows[i]];
      }
    }
  }
  if (ranking.has_equal_scores && sorts_by_own_algorithm(call.rule.order)) {
    sort_by_own_algorithm(ScoreReader<T>(call), call.rule.order, ranking.rows, ranking.count);
  }
  if (call.pre_top_k >= 0 && call.pre_top_k < ranking.count) {
    ranking.count = static_cast<uint32_t>(call.pre_top_k);
  }
  return ranking;
}

// Candidates by run; inside a run the best one is first.
struct CandidateRuns {
  const uint32_t* rows;
  const uint32_t* ranks;  // null: the rank is the place
  const uint32_t* ends;
  uint32_t count;
};

// Puts ranks in the order of their keys, equal keys by rank: by counting where the keys lie close
// together, as the numbers of classes do. Writes where the ranks of each key end; returns how many
// keys there are.
inline uint32_t sort_ranks(const uint64_t* keys, uint32_t count, uint32_t* ranks, uint32_t* ends) {
  const auto [low, high] = std::minmax_element(keys, keys + count);
  const uint64_t span = *high - *low;
  uint32_t runs = 0;
  if (span < uint64_t(count) + 256) {
    Scratch scratch;
    uint32_t* places = scratch.take<uint32_t>(span + 1);
    std::fill_n(places, span + 1, 0u);
    for (uint32_t rank = 0; rank < count; ++rank) ++places[keys[rank] - *low];
    uint32_t end = 0;
    for (uint64_t key = 0; key <= span; ++key) {
      const uint32_t size = places[key];
      places[key] = end;
      end += size;
      if (size > 0) ends[runs++] = end;
    }
    for (uint32_t rank = 0; rank < count; ++rank) ranks[places[keys[rank] - *low]++] = rank;
    return runs;
  }
  radix_order(keys, count, ranks);
  for (uint32_t i = 1; i < count; ++i) {
    if (keys[ranks[i]] != keys[ranks[i - 1]]) ends[runs++] = i;
  }
  ends[runs++] = count;
  return runs;
}

template <class G>
CandidateRuns runs_of_groups(const BoxRows& boxes, const Ranking& ranking, Scratch& scratch) {
  const uint32_t count = ranking.count;
  uint32_t* rows = scratch.take<uint32_t>(count);
  uint32_t* ranks = scratch.take<uint32_t>(count);
  uint32_t* ends = scratch.take<uint32_t>(count);
  if (count == 0) return {rows, ranks, ends, 0};
  Scratch sorting;
  uint64_t* keys = sorting.take<uint64_t>(count);
  for (uint32_t rank = 0; rank < count; ++rank) {
    keys[rank] = ascending_key(read<G>(boxes.groups, ranking.rows[rank]));
  }
  const uint32_t runs = sort_ranks(keys, count, ranks, ends);
  for (uint32_t i = 0; i < count; ++i) rows[i] = ranking.rows[ranks[i]];
  return {rows, ranks, ends, runs};
}

// Sorting a part of the candidates by itself can order its equal scores otherwise than sorting them
// all, and each group is sorted by itself.
template <class T>
CandidateRuns cut_into_runs(const NmsCall& call, bool is_exact, const Ranking& ranking,
                            Scratch& scratch) {
  if (!is_exact) {
    uint32_t* ends = scratch.take<uint32_t>(1);
    *ends = ranking.count;
    return {ranking.rows, nullptr, ends, 1};
  }
  CandidateRuns runs = call.rows.groups.dtype == Dtype::int64
                           ? runs_of_groups<int64_t>(call.rows, ranking, scratch)
                           : runs_of_groups<double>(call.rows, ranking, scratch);
  if (!ranking.has_equal_scores || !sorts_by_own_algorithm(call.rule.order)) return runs;
  // The rank of a row goes with it.
  uint32_t* rank_of = scratch.take<uint32_t>(static_cast<size_t>(call.rows.count()));
  for (uint32_t rank = 0; rank < ranking.count; ++rank) rank_of[ranking.rows[rank]] = rank;
  uint32_t* rows = const_cast<uint32_t*>(runs.rows);
  uint32_t* ranks = const_cast<uint32_t*>(runs.ranks);
  uint32_t begin = 0;
  for (uint32_t run = 0; run < runs.count; ++run) {
    const uint32_t end = runs.ends[run];
    sort_by_own_algorithm(ScoreReader<T>(call), call.rule.order, rows + begin, end - begin);
    for (uint32_t i = begin; i < end; ++i) ranks[i] = rank_of[rows[i]];
    begin = end;
  }
  return runs;
}

}  // namespace opsbridge
