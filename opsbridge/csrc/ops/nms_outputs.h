// What a suppression found, written to the outputs that were asked for.
#pragma once

#include <vector>

#include "ops/nms_host.h"
#include "ops/scored_boxes.h"

namespace opsbridge {

// What the sweep leaves, all by row of the input.
struct NmsFindings {
  std::vector<int64_t> ranked;      // candidates, best first
  std::vector<int64_t> kept;        // in the order in which they are returned
  std::vector<int64_t> in_order;    // candidates as the sweep met them
  std::vector<int64_t> suppressor;  // the kept row that dropped a row; empty: not asked for
};

// Candidates by rank, then the rows that were none, in input order.
inline std::vector<int64_t> all_rows_by_rank(const std::vector<int64_t>& ranked, int64_t count) {
  std::vector<int64_t> rows(ranked);
  if (static_cast<int64_t>(rows.size()) == count) return rows;
  std::vector<bool> is_ranked(static_cast<size_t>(count));
  for (int64_t row : ranked) is_ranked[static_cast<size_t>(row)] = true;
  for (int64_t row = 0; row < count; ++row) {
    if (!is_ranked[static_cast<size_t>(row)]) rows.push_back(row);
  }
  return rows;
}

inline void write_masks(const NmsCall& call, const NmsFindings& found) {
  const int64_t count = call.rows.count();
  std::vector<uint8_t> is_kept(static_cast<size_t>(count));
  for (int64_t row : found.kept) is_kept[static_cast<size_t>(row)] = 1;
  if (is_present(call.keep_mask)) {
    for (int64_t row = 0; row < count; ++row) store(call.keep_mask, row, is_kept[row]);
  }
  if (is_present(call.sorted_keep_mask)) {
    const std::vector<int64_t> rows = all_rows_by_rank(found.ranked, count);
    for (int64_t rank = 0; rank < count; ++rank) {
      store(call.sorted_keep_mask, rank, is_kept[rows[rank]]);
    }
  }
}

// Each kept row, followed by the rows that it dropped as the sweep met them; -1 fills the rest.
inline void write_matches(const NmsCall& call, const NmsFindings& found) {
  const int64_t count = call.rows.count();
  std::vector<int64_t> place(static_cast<size_t>(count), -1);  // where a kept row's group goes on
  std::vector<int64_t> size(static_cast<size_t>(count), 1);
  for (int64_t row : found.in_order) {
    if (found.suppressor[row] >= 0) ++size[found.suppressor[row]];
  }
  int64_t end = 0;
  for (size_t i = 0; i < found.kept.size(); ++i) {
    const int64_t row = found.kept[i];
    store(call.matched, end, row);
    place[row] = end + 1;
    end += size[row];
    store(call.match_ends, static_cast<int64_t>(i), end);
  }
  for (int64_t row : found.in_order) {
    const int64_t by = found.suppressor[row];
    if (by >= 0 && place[by] >= 0) store(call.matched, place[by]++, row);
  }
  for (int64_t i = end; i < count; ++i) store(call.matched, i, -1);
}

template <class T>
void write_outputs(const NmsCall& call, const NmsFindings& found, const T* scores) {
  const int64_t count = call.rows.count();
  if (is_present(call.keep)) {
    for (size_t i = 0; i < found.kept.size(); ++i) {
      store(call.keep, static_cast<int64_t>(i), found.kept[i]);
    }
  }
  if (is_present(call.kept_boxes)) {
    write_scored_boxes(call.kept_boxes, call.rows, scores, found.kept);
  }
  if (is_present(call.keep_mask) || is_present(call.sorted_keep_mask)) write_masks(call, found);
  if (is_present(call.sorted_boxes)) {
    write_scored_boxes(call.sorted_boxes, call.rows, scores, all_rows_by_rank(found.ranked, count));
  }
  if (is_present(call.sorted_positions)) {
    for (int64_t i = 0; i < count; ++i) store(call.sorted_positions, i, i);
  }
  if (is_present(call.matched)) write_matches(call, found);
}

}  // namespace opsbridge
