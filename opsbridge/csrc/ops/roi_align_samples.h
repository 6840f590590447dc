// The samples of one region for a block of threads: neighbours and weights of both axes are worked
// out once in shared memory, where they fit, and serve all bins and channels.
#pragma once

#include "ops/roi_align_plan_device.h"

namespace opsbridge {

constexpr int kTabledSamples = 128;  // of an axis: 14 bins of 9 samples

template <class T>
struct SampleTables {
  Tap<T> y[kTabledSamples], x[kTabledSamples];
};

template <class T>
struct RegionSamples {
  const PlannedRegion<T>& region;
  const BinSpan* rows;
  const BinSpan* columns;
  int64_t height, width;
  TapSteps steps;              // neighbours are offsets: pixels times these
  bool has_rows, has_columns;  // in the tables

  template <class S>
  OPSBRIDGE_MEMBER RegionSamples(const Plan<S, T>& plan, int64_t row, TapSteps steps)
      : region(plan.regions[row]),
        rows(plan.rows_of(row)),
        columns(plan.columns_of(row)),
        height(plan.config.height),
        width(plan.config.width),
        steps(steps),
        has_rows(fits(region.y)),
        has_columns(fits(region.x)) {}

  OPSBRIDGE_MEMBER static bool fits(const RoiAxis<T>& axis) {
    return axis.samples > 0 && axis.samples <= kTabledSamples &&
           axis.bins * axis.samples <= kTabledSamples;
  }

  // What one of the threads of a block adds to the tables.
  OPSBRIDGE_MEMBER void fill(int thread, SampleTables<T>& tables) const {
    static_assert(2 * kTabledSamples <= kThreadsPerBlock, "a thread per sample");
    const bool is_row = thread < kTabledSamples;
    if (!is_row && thread >= 2 * kTabledSamples) return;
    if (!(is_row ? has_rows : has_columns)) return;
    const RoiAxis<T>& axis = is_row ? region.y : region.x;
    const int sample = thread % kTabledSamples, each = static_cast<int>(axis.samples);
    const int bin = sample / each;
    if (bin >= axis.bins) return;
    const SampleRange range = (is_row ? rows : columns)[bin].samples;
    if (sample % each < range.first || sample % each >= range.last) return;
    (is_row ? tables.y : tables.x)[sample] = worked_out(axis, bin, sample % each, is_row);
  }

  OPSBRIDGE_MEMBER Tap<T> worked_out(const RoiAxis<T>& axis, int64_t bin, int64_t sample,
                                     bool is_row) const {
    const Tap<T> tap = tap_at(sample_position(axis, bin, sample), is_row ? height : width);
    const int64_t step = is_row ? steps.row : steps.column;
    return Tap<T>{tap.low * step, tap.high * step, tap.low_weight, tap.high_weight};
  }

  // Calls body(y, x) for every usable sample of a bin, rows outside.
  template <class Body>
  OPSBRIDGE_MEMBER void each(const SampleTables<T>& tables, int64_t bin_y, int64_t bin_x,
                             const Body& body) const {
    const SampleRange ys = rows[bin_y].samples, xs = columns[bin_x].samples;
    const Tap<T>* tabled_y = tables.y + bin_y * region.y.samples;
    const Tap<T>* tabled_x = tables.x + bin_x * region.x.samples;
    for (int64_t i = ys.first; i < ys.last; ++i) {
      const Tap<T> y = has_rows ? tabled_y[i] : worked_out(region.y, bin_y, i, true);
      for (int64_t j = xs.first; j < xs.last; ++j) {
        body(y, has_columns ? tabled_x[j] : worked_out(region.x, bin_x, j, false));
      }
    }
  }
};

// The four pixels around a sample, as offsets from the first pixel.
struct CornerOffsets {
  int64_t low_low, low_high, high_low, high_high;
};
template <class T>
OPSBRIDGE_FN CornerOffsets corner_offsets(const Tap<T>& y, const Tap<T>& x) {
  return CornerOffsets{y.low + x.low, y.low + x.high, y.high + x.low, y.high + x.high};
}

}  // namespace opsbridge
