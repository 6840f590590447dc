// One bin, read where its pixels lie: the arithmetic of every traversal. Host and device.
#pragma once

#include "ops/roi_pool_regions.h"

namespace opsbridge {

struct Window {
  PixelRange rows, columns;
};

OPSBRIDGE_FN Window window_of(const RegionBins& bins, int64_t y, int64_t x) {
  return Window{bins.rows[y], bins.columns[x]};
}

OPSBRIDGE_FN int64_t area(const Window& window) {
  const int64_t height = window.rows.last - window.rows.first;
  const int64_t width = window.columns.last - window.columns.first;
  return height > 0 && width > 0 ? height * width : 0;
}

// The average of the pixels of a window that has some, in `count` channels `step` apart, which do
// not wait for each other's additions.
template <int count, class T, class S>
OPSBRIDGE_FN void find_averages(const Plane<S>& plane, int64_t step, const Window& window,
                                T* values) {
  T sums[count];
  for (int i = 0; i < count; ++i) sums[i] = T(0);
  for (int64_t y = window.rows.first; y < window.rows.last; ++y) {
    const S* from =
        plane.origin + y * plane.row_stride + window.columns.first * plane.column_stride;
    for (int64_t x = window.columns.first; x < window.columns.last; ++x) {
      for (int i = 0; i < count; ++i) sums[i] = sums[i] + static_cast<T>(from[i * step]);
      from += plane.column_stride;
    }
  }
  const T pixels = static_cast<T>(area(window));
  for (int i = 0; i < count; ++i) values[i] = sums[i] / pixels;
}

// What an average gives to every pixel of its window.
template <class T>
OPSBRIDGE_FN T average_share(const Window& window, T gradient) {
  return gradient / static_cast<T>(area(window));
}

// The largest pixel of a window, the first of equal ones, as y * width + x; -1 where all are NaN or
// lowest. In `count` channels `step` apart, which do not wait for each other's comparisons.
template <int count, class T, class S>
OPSBRIDGE_FN void find_maxima(const Plane<S>& plane, int64_t step, const Window& window,
                              int64_t width, T* values, int64_t* places) {
  for (int i = 0; i < count; ++i) values[i] = lowest_maximum<T>();
  for (int i = 0; i < count; ++i) places[i] = -1;
  for (int64_t y = window.rows.first; y < window.rows.last; ++y) {
    const S* from =
        plane.origin + y * plane.row_stride + window.columns.first * plane.column_stride;
    for (int64_t x = window.columns.first; x < window.columns.last; ++x) {
      for (int i = 0; i < count; ++i) {
        const T value = static_cast<T>(from[i * step]);
        const bool is_larger = value > values[i];
        values[i] = is_larger ? value : values[i];
        places[i] = is_larger ? y * width + x : places[i];
      }
      from += plane.column_stride;
    }
  }
}

// Averages or maxima with their places; those of a bin without pixels are zero and nowhere.
template <int count, class T, class S>
OPSBRIDGE_FN void pool_window(const RoiPoolConfig<T>& config, const Plane<S>& plane, int64_t step,
                              const Window& window, T* values, int64_t* places) {
  for (int i = 0; i < count; ++i) values[i] = T(0);
  for (int i = 0; i < count; ++i) places[i] = -1;
  if (area(window) == 0) return;
  if (config.rule.pooling == Pooling::average) {
    find_averages<count>(plane, step, window, values);
  } else {
    find_maxima<count>(plane, step, window, config.width, values, places);
  }
}

}  // namespace opsbridge
