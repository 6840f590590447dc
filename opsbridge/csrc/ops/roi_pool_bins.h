// The pixels of one bin, where they lie. Included by kernels only, once per level: everything here
// belongs to the file that includes it.
#pragma once

#include "ops/roi_pool_regions.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

struct Window {
  PixelRange rows, columns;
};

Window window_of(const RegionBins& bins, int64_t y, int64_t x) {
  return Window{bins.rows[y], bins.columns[x]};
}

int64_t area(const Window& window) {
  const int64_t height = window.rows.last - window.rows.first;
  const int64_t width = window.columns.last - window.columns.first;
  return height > 0 && width > 0 ? height * width : 0;
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

}  // namespace
}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
