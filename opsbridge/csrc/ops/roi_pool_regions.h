// The bins of all regions of a call, worked out once for all channels. Host and device.
#pragma once

#include "ops/roi_pool.h"

namespace opsbridge {

// The bins of one region: `height` ranges of rows and `width` ranges of columns.
struct RegionBins {
  const PixelRange* rows;
  const PixelRange* columns;
  int64_t height, width;
};

// A job holds the bins of region after region, rows before columns.
template <class Job>
OPSBRIDGE_FN RegionBins bins_of_region(const Job& job, int64_t region) {
  const int64_t height = job.config.pooled_height, width = job.config.pooled_width;
  const PixelRange* const rows = job.bins + region * (height + width);
  return RegionBins{rows, rows + height, height, width};
}

// The regions on one image, and the rows of pixels that they touch.
struct ImageRegions {
  int64_t image;
  const int64_t* regions;
  int64_t count;
  PixelRange touched;
};

}  // namespace opsbridge
