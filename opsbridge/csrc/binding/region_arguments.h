// The arguments that all operators on regions take, read and checked in one place.
#pragma once

#include "binding/checks.h"
#include "ops/region_images.h"

namespace opsbridge {

inline RegionTensors read_regions(Arguments& args) {
  RegionTensors regions;
  regions.features = args.tensor(4);
  regions.rois = args.tensor(2);
  regions.batch_indices = args.optional_tensor(1);
  return regions;
}

inline void require_regions(const RegionTensors& regions) {
  const bool has_indices = is_present(regions.batch_indices);
  require(is_floating(regions.features.dtype) && regions.rois.dtype == regions.features.dtype,
          "features and rois must be floating, both the same");
  require(regions.rois.shape[1] == (has_indices ? 4 : 5), "rois have the wrong number of columns");
  require(!has_indices || regions.batch_indices.dtype == Dtype::int64,
          "batch_indices must be int64");
  require(regions.batch_rule != BatchRule::given || !has_indices ||
              regions.batch_indices.shape[0] == regions.rois.shape[0],
          "batch_indices and rois differ in length");
}

// The result of pooling, or the gradient of it.
inline void require_pooled(const TensorView& pooled, const RegionTensors& regions, ChannelMap map) {
  require(pooled.dtype == regions.features.dtype && pooled.shape[2] > 0 && pooled.shape[3] > 0,
          "pooled must be of the dtype of the features, with bins");
  const ChannelGrid grid{map, pooled.shape[2], pooled.shape[3]};
  const int64_t channels = regions.features.shape[1];
  require(pooled.shape[0] == regions.rois.shape[0] &&
              pooled.shape[1] == pooled_channels(grid, channels),
          "pooled has the wrong shape");
  require(
      map == ChannelMap::same || channels == pooled.shape[1] * pooled.shape[2] * pooled.shape[3],
      "the channels do not fit the bins");
}

// The gradient of the features.
inline void require_gradient(const TensorView& gradient, const TensorView& features) {
  require(gradient.dtype == features.dtype, "the gradient must be of the dtype of the features");
  for (int axis = 0; axis < 4; ++axis) {
    require(gradient.shape[axis] == features.shape[axis],
            "the gradient must have the shape of the features");
  }
}

}  // namespace opsbridge
