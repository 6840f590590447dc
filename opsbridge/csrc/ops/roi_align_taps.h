// The samples of one region as tables, one per axis: positions, bounds and weights are worked out
// once and serve every channel. Plain C++17, host only.
#pragma once

#include <cstddef>
#include <cstdlib>

#include "ops/roi_align.h"

namespace opsbridge {

// The usable samples of all bins of one axis, bin after bin, and how many unusable ones come before
// and after those of each bin.
template <class T>
struct TapTable {
  Tap<T>* taps;  // neighbours as offsets: pixels times the step of the axis
  int64_t* bin_ends;
  int64_t* before;
  int64_t* after;
  int64_t even;         // how many samples each bin has where all are usable, else -1
  int64_t first, last;  // the pixels [first, last) that the taps read
  T lightest;           // the least weight but zero
};

// Where taps read pixels that lie `row` and `column` apart.
struct TapSteps {
  int64_t row, column;
};
constexpr TapSteps kPixelSteps{1, 1};

enum class RegionState { zero, tabled, too_large };

template <class T>
struct Region {
  RoiAxis<T> y, x;
  TapTable<T> ys, xs;
  RegionState state;
};

OPSBRIDGE_FN size_t bin_bytes(int64_t bins) {
  return 3 * sizeof(int64_t) * static_cast<size_t>(bins + 1);
}

template <class T>
OPSBRIDGE_FN void place_bins(TapTable<T>& table, void* memory, int64_t bins) {
  table.bin_ends = static_cast<int64_t*>(memory);
  table.before = table.bin_ends + bins + 1;
  table.after = table.before + bins + 1;
}

template <class T>
OPSBRIDGE_FN SampleRange usable_of_bin(const RoiAxis<T>& axis, int64_t bin, int64_t size) {
  const int64_t last = axis.samples - 1;
  // Positions are in order, so between two usable ends all are usable.
  if (size > 0 && last >= 0 && is_usable(sample_position(axis, bin, 0), size) &&
      is_usable(sample_position(axis, bin, last), size)) {
    return SampleRange{0, axis.samples};
  }
  return usable_samples(axis, bin, size);
}

// Returns how many taps the table will hold.
template <class T>
OPSBRIDGE_FN int64_t fill_bins(TapTable<T>& table, const RoiAxis<T>& axis, int64_t size) {
  table.even = larger(axis.samples, int64_t(0));
  table.bin_ends[0] = 0;
  for (int64_t bin = 0; bin < axis.bins; ++bin) {
    const SampleRange range = usable_of_bin(axis, bin, size);
    table.bin_ends[bin + 1] = table.bin_ends[bin] + range.last - range.first;
    table.before[bin] = range.first;
    table.after[bin] = larger(axis.samples - range.last, int64_t(0));
    if (table.before[bin] + table.after[bin] > 0) table.even = -1;
  }
  return table.bin_ends[axis.bins];
}

template <class T>
OPSBRIDGE_FN void fill_taps(TapTable<T>& table, const RoiAxis<T>& axis, int64_t size,
                            int64_t step) {
  table.first = size;
  table.last = 0;
  table.lightest = T(1);
  for (int64_t bin = 0; bin < axis.bins; ++bin) {
    Tap<T>* taps = table.taps + table.bin_ends[bin];
    const int64_t count = table.bin_ends[bin + 1] - table.bin_ends[bin];
    for (int64_t i = 0; i < count; ++i) {
      const Tap<T> tap = tap_at(sample_position(axis, bin, table.before[bin] + i), size);
      table.first = smaller(table.first, tap.low);
      table.last = larger(table.last, tap.high + 1);
      // Never zero: no neighbour but the lower one is at its own place.
      table.lightest = smaller(table.lightest, tap.low_weight);
      if (tap.high_weight > T(0)) table.lightest = smaller(table.lightest, tap.high_weight);
      taps[i] = Tap<T>{tap.low * step, tap.high * step, tap.low_weight, tap.high_weight};
    }
  }
}

template <class T>
OPSBRIDGE_FN bool is_near_zero(const Corners<T>& corners) {
  return magnitude(corners.x1) < T(0.001) && magnitude(corners.x2) < T(0.001);
}

// The geometry of a region. False: a rule defines its row as zero, for unusable geometry or as
// MindSpore's unwritten rows.
template <class T>
OPSBRIDGE_FN bool measure_region(Region<T>& region, const Corners<T>& corners,
                                 const RoiAlignConfig<T>& config) {
  region.y = roi_axis(corners.y1, corners.y2, config.pooled_height, config);
  region.x = roi_axis(corners.x1, corners.x2, config.pooled_width, config);
  if (region.y.error != RoiError::none || region.x.error != RoiError::none) return false;
  return config.rule.near_zero_row != NearZeroRow::zero || !is_near_zero(corners);
}

// Fills both tables of a measured region; `grow` makes room for some taps of a table, or fails.
template <class T, class Grow>
OPSBRIDGE_FN bool fill_tables(Region<T>& region, const RoiAlignConfig<T>& config, TapSteps steps,
                              Grow grow) {
  const int64_t rows = fill_bins(region.ys, region.y, config.height);
  const int64_t columns = fill_bins(region.xs, region.x, config.width);
  if (!grow(rows, columns)) return false;
  fill_taps(region.ys, region.y, config.height, steps.row);
  fill_taps(region.xs, region.x, config.width, steps.column);
  return true;
}

// Whether a bin has samples that are not on the image.
template <class T>
OPSBRIDGE_FN bool has_unusable(const Region<T>& region, int64_t bin_y, int64_t bin_x) {
  if (region.y.samples <= 0 || region.x.samples <= 0) return false;
  return region.ys.before[bin_y] + region.ys.after[bin_y] > 0 ||
         region.xs.before[bin_x] + region.xs.after[bin_x] > 0;
}

// Tables that one thread makes again for each region too large to be kept in memory.
template <class T>
struct RegionScratch {
  Region<T> region;
  void* bins;
  Tap<T>* taps;
  int64_t capacity;
};

template <class T>
OPSBRIDGE_FN bool open_region(RegionScratch<T>& scratch, const RoiAlignConfig<T>& config) {
  const size_t row_bytes = bin_bytes(config.pooled_height);
  scratch.taps = nullptr;
  scratch.capacity = 0;
  scratch.bins = std::malloc(row_bytes + bin_bytes(config.pooled_width));
  if (scratch.bins == nullptr) return false;
  scratch.region.state = RegionState::tabled;
  place_bins(scratch.region.ys, scratch.bins, config.pooled_height);
  place_bins(scratch.region.xs, static_cast<char*>(scratch.bins) + row_bytes, config.pooled_width);
  return true;
}

template <class T>
OPSBRIDGE_FN void close_region(RegionScratch<T>& scratch) {
  std::free(scratch.bins);
  std::free(scratch.taps);
}

template <class T>
OPSBRIDGE_FN bool refill_region(RegionScratch<T>& scratch, const Corners<T>& corners,
                                const RoiAlignConfig<T>& config, TapSteps steps) {
  measure_region(scratch.region, corners, config);
  return fill_tables(scratch.region, config, steps, [&](int64_t rows, int64_t columns) {
    if (rows + columns > scratch.capacity) {
      const size_t bytes = sizeof(Tap<T>) * static_cast<size_t>(rows + columns);
      void* grown = std::realloc(scratch.taps, bytes);
      if (grown == nullptr) return false;
      scratch.taps = static_cast<Tap<T>*>(grown);
      scratch.capacity = rows + columns;
    }
    scratch.region.ys.taps = scratch.taps;
    scratch.region.xs.taps = scratch.taps + rows;
    return true;
  });
}

// The tables of a region: the kept ones, or made again. Null: memory ran out.
template <class T>
OPSBRIDGE_FN const Region<T>* tables_of(const Region<T>& kept, RegionScratch<T>& scratch,
                                        const Corners<T>& corners, const RoiAlignConfig<T>& config,
                                        TapSteps steps) {
  if (kept.state != RegionState::too_large) return &kept;
  return refill_region(scratch, corners, config, steps) ? &scratch.region : nullptr;
}

}  // namespace opsbridge
