// Which anchor meets which target or which offsets, row by row of the result. Host and device.
#pragma once

#include "ops/box_coder_host.h"
#include "ops/box_rows.h"

namespace opsbridge {

// The rows of the result are `outer` runs of `inner` rows; an anchor and its partner move on by a
// step for each run, and by another within it.
struct CoderGrid {
  struct Steps {
    int64_t outer, inner;
  };
  int64_t outer, inner;
  Steps anchor, other;
};

inline CoderGrid grid_of(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  const int64_t anchors = call.anchors.shape[0];
  if (rule.pairing == Pairing::aligned) return {1, anchors, {0, 1}, {0, 1}};
  return {call.others.shape[0], anchors, {0, 1}, {1, 0}};
}

inline CoderGrid grid_of(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  if (rule.anchors_along == AnchorsAlong::rows) return {1, call.anchors.shape[0], {0, 1}, {0, 1}};
  const int64_t outer = call.others.shape[0], inner = call.others.shape[1];
  const bool is_second = rule.anchors_along == AnchorsAlong::second_axis;
  return {outer, inner, {is_second ? 0 : 1, is_second ? 1 : 0}, {inner, 1}};
}

struct CoderPair {
  int64_t anchor, other;
};

// Of row `i` of a run of the result.
OPSBRIDGE_FN CoderPair pair_at(const CoderGrid& grid, int64_t run, int64_t i) {
  return {run * grid.anchor.outer + i * grid.anchor.inner,
          run * grid.other.outer + i * grid.other.inner};
}

OPSBRIDGE_FN CoderPair pair_at(const CoderGrid& grid, int64_t row) {
  if (grid.outer == 1) return pair_at(grid, 0, row);
  return pair_at(grid, row / grid.inner, row % grid.inner);
}

// Calls `use(row, pair)` for every row of the result.
template <class F>
void for_each_pair(const CoderGrid& grid, F use) {
  for (int64_t run = 0; run < grid.outer; ++run) {
    for (int64_t i = 0; i < grid.inner; ++i) use(run * grid.inner + i, pair_at(grid, run, i));
  }
}

// The rows of the result that an anchor or another box is in.
struct CoderRows {
  int64_t first, step, count;
};

OPSBRIDGE_FN CoderRows rows_of(const CoderGrid& grid, const CoderGrid::Steps& steps,
                               int64_t index) {
  if (steps.outer == 0) return {index, grid.inner, grid.outer};
  if (steps.inner == 0) return {index * grid.inner, 1, grid.inner};
  return {index, 1, 1};
}

// The deviations of an anchor's offsets: its own, or those that all anchors share.
template <class S, class T>
struct CoderDeviations {
  TensorView own;
  Four<T> shared;

  OPSBRIDGE_MEMBER Four<T> operator()(int64_t anchor) const {
    return is_present(own) ? cast<T>(read_row<S>(own, anchor)) : shared;
  }
};

template <class S, class T = S>
CoderDeviations<S, T> deviations_of(const BoxCoderCall& call) {
  return {call.anchor_deviations, settings<T>(call.deviations)};
}

}  // namespace opsbridge
