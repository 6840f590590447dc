// Which anchor meets which target or which offsets, row by row of the result.
#pragma once

#include <cmath>
#include <limits>

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

// Calls `use(row, anchor, other)` for every row of the result.
template <class F>
void for_each_pair(const CoderGrid& grid, F use) {
  for (int64_t run = 0; run < grid.outer; ++run) {
    for (int64_t i = 0; i < grid.inner; ++i) {
      use(run * grid.inner + i, run * grid.anchor.outer + i * grid.anchor.inner,
          run * grid.other.outer + i * grid.other.inner);
    }
  }
}

template <class T>
Four<T> settings(const float (&values)[4]) {
  Four<T> four;
  for (int i = 0; i < 4; ++i) four.value[i] = static_cast<T>(values[i]);
  return four;
}

// The deviations of an anchor's offsets: its own, or those that all anchors share.
template <class S, class T>
Four<T> deviations_of(const BoxCoderCall& call, int64_t anchor, const Four<T>& shared) {
  if (!is_present(call.anchor_deviations)) return shared;
  return cast<T>(read_row<S>(call.anchor_deviations, anchor));
}

// The bound of the logarithm of a ratio of sides; infinite where there is none.
template <class T>
T bound_of(double ratio_clip) {
  if (std::isnan(ratio_clip)) return static_cast<T>(std::numeric_limits<float>::infinity());
  return static_cast<T>(std::fabs(std::log(static_cast<float>(ratio_clip))));
}

}  // namespace opsbridge
