// The samples of one region as tables, one per axis. Included by kernels only, once per level:
// everything here belongs to the file that includes it.
#pragma once

#include <cstdlib>

#include "ops/roi_align.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The usable samples of all bins of one axis, bin after bin, and how many unusable ones come before
// and after those of each bin. Memory is kept between regions.
template <class T>
struct TapTable {
  Tap<T>* taps;
  int64_t capacity;
  int64_t* bin_ends;
  int64_t* before;
  int64_t* after;
};

template <class T>
bool reserve(TapTable<T>& table, int64_t taps) {
  if (taps <= table.capacity) return true;
  const int64_t capacity = larger(taps, 2 * table.capacity);
  void* grown = std::realloc(table.taps, sizeof(Tap<T>) * static_cast<size_t>(capacity));
  if (grown == nullptr) return false;
  table.taps = static_cast<Tap<T>*>(grown);
  table.capacity = capacity;
  return true;
}

template <class T>
bool open_table(TapTable<T>& table, int64_t bins) {
  table = TapTable<T>{nullptr, 0, nullptr, nullptr, nullptr};
  const size_t bytes = sizeof(int64_t) * static_cast<size_t>(bins + 1);
  table.bin_ends = static_cast<int64_t*>(std::malloc(bytes));
  table.before = static_cast<int64_t*>(std::malloc(bytes));
  table.after = static_cast<int64_t*>(std::malloc(bytes));
  return table.bin_ends != nullptr && table.before != nullptr && table.after != nullptr;
}

template <class T>
void close_table(TapTable<T>& table) {
  std::free(table.taps);
  std::free(table.bin_ends);
  std::free(table.before);
  std::free(table.after);
}

template <class T>
bool fill_table(TapTable<T>& table, const RoiAxis<T>& axis, int64_t size) {
  int64_t used = 0;
  table.bin_ends[0] = 0;
  for (int64_t bin = 0; bin < axis.bins; ++bin) {
    const SampleRange range = usable_samples(axis, bin, size);
    if (!reserve(table, used + range.last - range.first)) return false;
    for (int64_t sample = range.first; sample < range.last; ++sample) {
      table.taps[used++] = tap_at(sample_position(axis, bin, sample), size);
    }
    table.bin_ends[bin + 1] = used;
    table.before[bin] = range.first;
    table.after[bin] = larger(axis.samples - range.last, int64_t(0));
  }
  return true;
}

template <class T>
struct Region {
  RoiAxis<T> y, x;
  TapTable<T> ys, xs;
};

template <class T>
bool open_region(Region<T>& region, const RoiAlignConfig<T>& config) {
  const bool has_rows = open_table(region.ys, config.pooled_height);
  return open_table(region.xs, config.pooled_width) && has_rows;
}

template <class T>
void close_region(Region<T>& region) {
  close_table(region.ys);
  close_table(region.xs);
}

template <class T>
bool is_near_zero(const Corners<T>& corners) {
  return magnitude(corners.x1) < T(0.001) && magnitude(corners.x2) < T(0.001);
}

enum class Row { zero, filled, no_memory };

// The tables of a region, unless a rule defines its row as zero: unusable geometry, or MindSpore's
// unwritten rows.
template <class T>
Row fill_tables(Region<T>& region, const Corners<T>& corners, const RoiAlignConfig<T>& config) {
  region.y = roi_axis(corners.y1, corners.y2, config.pooled_height, config);
  region.x = roi_axis(corners.x1, corners.x2, config.pooled_width, config);
  if (region.y.error != RoiError::none || region.x.error != RoiError::none) return Row::zero;
  if (config.rule.near_zero_row == NearZeroRow::zero && is_near_zero(corners)) return Row::zero;
  const bool filled = fill_table(region.ys, region.y, config.height) &&
                      fill_table(region.xs, region.x, config.width);
  return filled ? Row::filled : Row::no_memory;
}

// Whether a bin has samples that are not on the image.
template <class T>
bool has_unusable(const Region<T>& region, int64_t bin_y, int64_t bin_x) {
  if (region.y.samples <= 0 || region.x.samples <= 0) return false;
  return region.ys.before[bin_y] + region.ys.after[bin_y] > 0 ||
         region.xs.before[bin_x] + region.xs.after[bin_x] > 0;
}

}  // namespace
}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
