// The bins of all regions of a call, worked out once for every block of channels. Host only.
#pragma once

#include <cstdint>

namespace opsbridge {

// The pixels [first, last) of a bin along one axis.
struct BinSpan {
  int32_t first, last;
};

// The bins of one region: `height` spans of rows and `width` spans of columns.
struct RegionSpans {
  const BinSpan* rows;
  const BinSpan* columns;
  int64_t height, width;
};

// The regions on one image in the order of the visit, and the rows of pixels that they touch.
struct ImageRegions {
  int64_t image;
  const int64_t* regions;
  int64_t count;
  BinSpan touched;
};

}  // namespace opsbridge
