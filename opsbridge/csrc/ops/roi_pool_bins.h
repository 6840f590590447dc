// The pixels of all bins of one region. Included by kernels only, once per level: everything here
// belongs to the file that includes it.
#pragma once

#include <cstdlib>

#include "ops/roi_pool.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The ranges of all bins, rows first. Memory is kept between regions.
struct Bins {
  PixelRange* rows;
  PixelRange* columns;
};

template <class T>
bool open_bins(Bins& bins, const RoiPoolConfig<T>& config) {
  const size_t rows = static_cast<size_t>(config.pooled_height);
  const size_t columns = static_cast<size_t>(config.pooled_width);
  bins.rows = static_cast<PixelRange*>(std::malloc(sizeof(PixelRange) * rows));
  bins.columns = static_cast<PixelRange*>(std::malloc(sizeof(PixelRange) * columns));
  return bins.rows != nullptr && bins.columns != nullptr;
}

void close_bins(Bins& bins) {
  std::free(bins.rows);
  std::free(bins.columns);
}

// False where a rule defines the row of the region as zero.
template <class T>
bool fill_bins(Bins& bins, const Corners<T>& corners, const RoiPoolConfig<T>& config,
               ClipHigh clip) {
  const PoolAxis<T> y = pool_axis(corners.y1, corners.y2, config.pooled_height, config);
  const PoolAxis<T> x = pool_axis(corners.x1, corners.x2, config.pooled_width, config);
  if (y.error != RoiError::none || x.error != RoiError::none) return false;
  if (y.is_empty || x.is_empty) return false;
  for (int64_t bin = 0; bin < config.pooled_height; ++bin) {
    bins.rows[bin] = bin_pixels(y, bin, config.height, clip);
  }
  for (int64_t bin = 0; bin < config.pooled_width; ++bin) {
    bins.columns[bin] = bin_pixels(x, bin, config.width, clip);
  }
  return true;
}

// The pixels of one bin and how many they are.
struct Window {
  PixelRange rows, columns;
};

Window window_of(const Bins& bins, int64_t y, int64_t x) {
  return Window{bins.rows[y], bins.columns[x]};
}

int64_t area(const Window& window) {
  const int64_t height = window.rows.last - window.rows.first;
  const int64_t width = window.columns.last - window.columns.first;
  return height > 0 && width > 0 ? height * width : 0;
}

// The largest pixel of a window, the first of equal ones; no pixel where all are NaN or lowest.
template <class T>
struct Maximum {
  T value;
  int64_t y, x;
};

template <class T, class S>
Maximum<T> maximum_of(const Plane<S>& plane, const Window& window) {
  Maximum<T> best{lowest_maximum<T>(), -1, -1};
  for (int64_t y = window.rows.first; y < window.rows.last; ++y) {
    for (int64_t x = window.columns.first; x < window.columns.last; ++x) {
      const T value = static_cast<T>(at(plane, y, x));
      if (value > best.value) best = Maximum<T>{value, y, x};
    }
  }
  return best;
}

}  // namespace
}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
