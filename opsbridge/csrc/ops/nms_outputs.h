// What a suppression found, written to the outputs that were asked for. Host only.
#pragma once

#include "ops/nms_host.h"
#include "ops/nms_ranking.h"

namespace opsbridge {

// Calls body with a value of the element type of an output of integers or flags.
template <class Body>
void with_output_type(Dtype dtype, Body body) {
  switch (dtype) {
    case Dtype::int64:
      return body(int64_t());
    case Dtype::int32:
      return body(int32_t());
    default:
      return body(uint8_t());
  }
}

// Writes value_at(i) for every i below count.
template <class ValueAt>
void fill(const TensorView& out, int64_t count, ValueAt value_at) {
  with_output_type(out.dtype, [&](auto zero) {
    using Value = decltype(zero);
    Value* data = static_cast<Value*>(out.data);
    const int64_t stride = out.strides[0];
    if (stride == 1) {
      for (int64_t i = 0; i < count; ++i) data[i] = static_cast<Value>(value_at(i));
    } else {
      for (int64_t i = 0; i < count; ++i) data[i * stride] = static_cast<Value>(value_at(i));
    }
  });
}

// Boxes as they were given, each with its score.
template <class T, class RowAt>
void fill_scored_boxes(const TensorView& out, const NmsCall& call, int64_t count, RowAt row_at) {
  const ScoreReader<T> score_at(call);
  const TensorView& boxes = call.rows.boxes;
  const T* first = static_cast<const T*>(boxes.data) + call.rows.first_column * boxes.strides[1];
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = row_at(i);
    const T* from = first + row * boxes.strides[0];
    T* to = static_cast<T*>(out.data) + i * out.strides[0];
    for (int64_t j = 0; j < 4; ++j) to[j * out.strides[1]] = from[j * boxes.strides[1]];
    to[4 * out.strides[1]] = score_at(row);
  }
}

struct KeptRows {
  uint32_t* rows;  // in the order in which they are returned
  uint32_t count;
};

// Candidates by rank, then the rows that were none, in input order.
inline const uint32_t* all_rows_by_rank(const NmsCall& call, const Ranking& ranking,
                                        Scratch& scratch) {
  const size_t count = static_cast<size_t>(call.rows.count());
  if (ranking.count == count) return ranking.rows;
  uint32_t* rows = scratch.take<uint32_t>(count);
  uint8_t* is_ranked = scratch.take<uint8_t>(count);
  std::fill_n(is_ranked, count, uint8_t(0));
  for (uint32_t rank = 0; rank < ranking.count; ++rank) {
    rows[rank] = ranking.rows[rank];
    is_ranked[rows[rank]] = 1;
  }
  uint32_t end = ranking.count;
  for (uint32_t row = 0; row < count; ++row) {
    if (!is_ranked[row]) rows[end++] = row;
  }
  return rows;
}

template <class T>
void write_outputs(const NmsCall& call, const Ranking& ranking, const KeptRows& kept) {
  const int64_t count = call.rows.count();
  if (is_present(call.keep)) {
    fill(call.keep, kept.count, [&](int64_t i) { return kept.rows[i]; });
  }
  if (is_present(call.padded_keep)) {
    fill(call.padded_keep, call.padded_keep.shape[0],
         [&](int64_t i) { return i < kept.count ? int64_t(kept.rows[i]) : int64_t(-1); });
  }
  if (is_present(call.kept_count)) *static_cast<int64_t*>(call.kept_count.data) = kept.count;
  if (is_present(call.kept_boxes)) {
    fill_scored_boxes<T>(call.kept_boxes, call, kept.count,
                         [&](int64_t i) { return kept.rows[i]; });
  }
  if (is_present(call.sorted_positions)) {
    fill(call.sorted_positions, count, [](int64_t i) { return i; });
  }
  const bool has_masks = is_present(call.keep_mask) || is_present(call.sorted_keep_mask);
  if (!has_masks && !is_present(call.sorted_boxes)) return;
  Scratch scratch;
  const bool is_sorted = is_present(call.sorted_boxes) || is_present(call.sorted_keep_mask);
  const uint32_t* by_rank = is_sorted ? all_rows_by_rank(call, ranking, scratch) : nullptr;
  if (is_present(call.sorted_boxes)) {
    fill_scored_boxes<T>(call.sorted_boxes, call, count, [&](int64_t i) { return by_rank[i]; });
  }
  if (!has_masks) return;
  uint8_t* is_kept = scratch.take<uint8_t>(static_cast<size_t>(count));
  std::fill_n(is_kept, count, uint8_t(0));
  for (uint32_t i = 0; i < kept.count; ++i) is_kept[kept.rows[i]] = 1;
  if (is_present(call.keep_mask)) {
    fill(call.keep_mask, count, [&](int64_t row) { return is_kept[row]; });
  }
  if (is_present(call.sorted_keep_mask)) {
    fill(call.sorted_keep_mask, count, [&](int64_t rank) { return is_kept[by_rank[rank]]; });
  }
}

// Each kept row, followed by the rows that it dropped as the sweep met them; -1 fills the rest.
// `suppressor` holds, in the order of the runs, the place inside the run of what dropped a row.
inline void write_matches(const NmsCall& call, const CandidateRuns& runs, const KeptRows& kept,
                          const int64_t* suppressor) {
  const int64_t count = call.rows.count();
  constexpr int64_t kNone = -1;
  Scratch scratch;
  int64_t* size = scratch.take<int64_t>(static_cast<size_t>(count));
  int64_t* next = scratch.take<int64_t>(static_cast<size_t>(count));  // where a row's group goes on
  int64_t* matched = scratch.take<int64_t>(static_cast<size_t>(count));
  int64_t* ends = scratch.take<int64_t>(kept.count);
  std::fill_n(size, count, 1);
  std::fill_n(next, count, kNone);
  std::fill_n(matched, count, kNone);
  const auto for_each_match = [&](auto body) {
    uint32_t begin = 0;
    for (uint32_t run = 0; run < runs.count; ++run) {
      for (uint32_t i = begin; i < runs.ends[run]; ++i) {
        if (suppressor[i] >= 0) body(runs.rows[i], runs.rows[begin + suppressor[i]]);
      }
      begin = runs.ends[run];
    }
  };
  for_each_match([&](uint32_t, uint32_t by) { ++size[by]; });
  int64_t end = 0;
  for (uint32_t i = 0; i < kept.count; ++i) {
    const uint32_t row = kept.rows[i];
    matched[end] = row;
    next[row] = end + 1;
    end += size[row];
    ends[i] = end;
  }
  for_each_match([&](uint32_t row, uint32_t by) {
    if (next[by] != kNone) matched[next[by]++] = row;
  });
  fill(call.matched, count, [&](int64_t i) { return matched[i]; });
  fill(call.match_ends, kept.count, [&](int64_t i) { return ends[i]; });
}

}  // namespace opsbridge
