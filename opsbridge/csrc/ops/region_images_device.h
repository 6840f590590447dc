// Which image each region belongs to, found in device memory by a thread per region.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "ops/region_images.h"

namespace opsbridge {

// The image of one region, or why it has none; `place` is the entry to name: the row, or of counts
// that make no sense the image.
struct RowImage {
  int64_t image, place;
  RoiError error;
};

OPSBRIDGE_FN RowImage image_by_counts(const TensorView& counts, int64_t rows, int64_t row) {
  int64_t before = 0, image = 0;
  bool is_found = false;
  for (int64_t i = 0; i < counts.shape[0]; ++i) {
    const int64_t count = read<int64_t>(counts, i);
    if (count < 0 || count > rows - before) return RowImage{0, i, RoiError::wrong_counts};
    before += count;
    if (!is_found && row < before) {
      is_found = true;
      image = i;
    }
  }
  if (before == rows) return RowImage{image, row, RoiError::none};
  return RowImage{0, counts.shape[0] - 1, RoiError::wrong_counts};
}

template <class S, class T>
OPSBRIDGE_FN RowImage image_on_device(const RegionTensors& regions, int64_t row) {
  const int64_t images = regions.features.shape[0];
  RowImage found{0, row, RoiError::none};
  if (!is_present(regions.batch_indices)) {
    const T column = static_cast<T>(read<S>(regions.rois, row, 0));
    found.error = batch_index(column, images, regions.batch_rule, found.image);
  } else if (regions.batch_rule == BatchRule::counts) {
    return image_by_counts(regions.batch_indices, regions.rois.shape[0], row);
  } else {
    found.image = read<int64_t>(regions.batch_indices, row);
    if (found.image < 0 || found.image >= images) found.error = RoiError::batch_out_of_range;
  }
  return found;
}

// Reports a refused region; counts that are wrong are told before any row.
OPSBRIDGE_FN void refuse_region(Report* report, int64_t place, RoiError error) {
  const unsigned long long word =
      static_cast<unsigned long long>(place * 16 + static_cast<int64_t>(error));
  lower_word(&report->refused, error == RoiError::wrong_counts ? word : word + kToldLater);
}

}  // namespace opsbridge
