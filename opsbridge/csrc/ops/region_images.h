// Which image each region belongs to, read on the host and checked before anything is computed.
#pragma once

#include <vector>

#include "ops/regions.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct RegionTensors {
  TensorView features;       // (N, C, H, W)
  TensorView rois;           // (K, 5), or (K, 4) with batch_indices
  TensorView batch_indices;  // int64 (K,), or (N,) counts of regions, may be absent
  BatchRule batch_rule;
};

// The same tensors for a kernel; the images of the regions are filled in below.
template <class S>
RegionInputs<S> region_inputs(const RegionTensors& regions) {
  RegionInputs<S> inputs;
  inputs.features = static_cast<const S*>(regions.features.data);
  for (int axis = 0; axis < 4; ++axis) {
    inputs.feature_strides[axis] = regions.features.strides[axis];
  }
  const int64_t first_corner = is_present(regions.batch_indices) ? 0 : 1;
  inputs.corner_strides[0] = regions.rois.strides[0];
  inputs.corner_strides[1] = regions.rois.strides[1];
  inputs.corners =
      static_cast<const S*>(regions.rois.data) + first_corner * inputs.corner_strides[1];
  inputs.images = nullptr;
  inputs.rows = regions.rois.shape[0];
  return inputs;
}

// The error word: where and why the first region is refused.
inline int64_t error_word(int64_t row, RoiError error) {
  return row * 16 + static_cast<int64_t>(error);
}

// Counts of regions per image, as the image of each region. Returns the image at which the counts
// stop making sense, or -1.
inline int64_t spread_counts(const RegionTensors& regions, std::vector<int64_t>& images) {
  const int64_t counts = regions.batch_indices.shape[0];
  size_t row = 0;
  for (int64_t image = 0; image < counts; ++image) {
    const int64_t count = read<int64_t>(regions.batch_indices, image);
    if (count < 0 || count > static_cast<int64_t>(images.size() - row)) return image;
    for (int64_t i = 0; i < count; ++i) images[row++] = image;
  }
  return row == images.size() ? -1 : counts - 1;
}

template <class S, class T>
RoiError image_of_row(const RegionTensors& regions, int64_t row, int64_t& image) {
  const int64_t images = regions.features.shape[0];
  if (!is_present(regions.batch_indices)) {
    const T column = static_cast<T>(read<S>(regions.rois, row, 0));
    return batch_index(column, images, regions.batch_rule, image);
  }
  if (regions.batch_rule == BatchRule::given) image = read<int64_t>(regions.batch_indices, row);
  return image >= 0 && image < images ? RoiError::none : RoiError::batch_out_of_range;
}

// Fills in the image of every region; `check` looks at the corners of each, row by row. Returns the
// error word, or zero.
template <class T, class S, class Check>
int64_t check_regions(const RegionTensors& regions, RegionInputs<S>& inputs,
                      std::vector<int64_t>& images, Check check) {
  images.assign(static_cast<size_t>(inputs.rows), 0);
  inputs.images = images.data();
  if (is_present(regions.batch_indices) && regions.batch_rule == BatchRule::counts) {
    const int64_t image = spread_counts(regions, images);
    if (image >= 0) return error_word(image, RoiError::wrong_counts);
  }
  for (int64_t row = 0; row < inputs.rows; ++row) {
    RoiError error = image_of_row<S, T>(regions, row, images[static_cast<size_t>(row)]);
    if (error == RoiError::none) error = check(corners_of_row<T>(inputs, row));
    if (error != RoiError::none) return error_word(row, error);
  }
  return 0;
}

}  // namespace opsbridge
