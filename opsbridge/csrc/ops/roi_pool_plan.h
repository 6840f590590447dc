// What is worked out once for all channels: the bins of all regions, and which regions lie on which
// image. Host only.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "ops/roi_pool_levels.h"

namespace opsbridge {

struct RoiPoolPlan {
  std::vector<PixelRange> bins;  // of region after region: rows, columns
  std::vector<int64_t> regions;  // those on one image after each other
  std::vector<ImageRegions> images;
};

// What one block may take: 64 MiB of pixels, 1 MiB of bins.
constexpr int64_t kMostBlockPixels = int64_t(1) << 20;
constexpr int64_t kMostBlockBins = int64_t(1) << 13;

template <class T>
bool fits_blocks(const RoiPoolConfig<T>& config) {
  return config.rule.pooling == Pooling::maximum && config.rule.channel_map == ChannelMap::same &&
         config.height <= kMostBlockPixels && config.width <= kMostBlockPixels &&
         config.height * config.width <= kMostBlockPixels &&
         config.pooled_height <= kMostBlockBins && config.pooled_width <= kMostBlockBins &&
         config.pooled_height * config.pooled_width <= kMostBlockBins;
}

// Fills in the bins of one region; those of a region that a rule defines as zero stay empty.
template <class T>
void fill_bins(const Corners<T>& corners, const RoiPoolConfig<T>& config, ClipHigh clip,
               PixelRange* bins) {
  const PoolAxis<T> y = pool_axis(corners.y1, corners.y2, config.pooled_height, config);
  const PoolAxis<T> x = pool_axis(corners.x1, corners.x2, config.pooled_width, config);
  if (y.error != RoiError::none || x.error != RoiError::none || y.is_empty || x.is_empty) return;
  for (int64_t bin = 0; bin < config.pooled_height; ++bin) {
    *bins++ = bin_pixels(y, bin, config.height, clip);
  }
  for (int64_t bin = 0; bin < config.pooled_width; ++bin) {
    *bins++ = bin_pixels(x, bin, config.width, clip);
  }
}

inline int64_t length(const PixelRange& range) {
  return std::max<int64_t>(range.last - range.first, 0);
}

// Widens a range by another that is not empty.
inline void cover(PixelRange& range, const PixelRange& other) {
  if (length(other) == 0) return;
  range = length(range) == 0
              ? other
              : PixelRange{std::min(range.first, other.first), std::max(range.last, other.last)};
}

template <class S, class T>
RoiPoolPlan plan_bins(const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs,
                      ClipHigh clip) {
  RoiPoolPlan plan;
  const int64_t each = config.pooled_height + config.pooled_width;
  plan.bins.assign(static_cast<size_t>(inputs.rows * each), PixelRange{0, 0});
  for (int64_t region = 0; region < inputs.rows; ++region) {
    fill_bins(corners_of_row<T>(inputs, region), config, clip, plan.bins.data() + region * each);
  }
  return plan;
}

// Sorts the regions by image; those on one image keep their order.
template <class S, class T>
void plan_images(RoiPoolPlan& plan, const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs) {
  plan.regions.resize(static_cast<size_t>(inputs.rows));
  std::iota(plan.regions.begin(), plan.regions.end(), int64_t(0));
  std::stable_sort(plan.regions.begin(), plan.regions.end(),
                   [&](int64_t a, int64_t b) { return inputs.images[a] < inputs.images[b]; });
  const int64_t each = config.pooled_height + config.pooled_width;
  for (const int64_t& region : plan.regions) {
    const int64_t image = inputs.images[region];
    if (plan.images.empty() || plan.images.back().image != image) {
      plan.images.push_back(ImageRegions{image, &region, 0, PixelRange{0, 0}});
    }
    ImageRegions& on_image = plan.images.back();
    ++on_image.count;
    const PixelRange* const rows = plan.bins.data() + region * each;
    for (int64_t y = 0; y < config.pooled_height; ++y) cover(on_image.touched, rows[y]);
  }
}

// Zeroes the gradient of images without regions.
template <class S>
void clear_other_images(const RoiPoolPlan& plan, int64_t images, int64_t numbers, S* gradient) {
  int64_t next = 0;
  const auto clear_until = [&](int64_t image) {
    std::fill(gradient + next * numbers, gradient + image * numbers, S(0));
    next = image + 1;
  };
  for (const ImageRegions& on_image : plan.images) clear_until(on_image.image);
  clear_until(images);
}

// Whether turning planes into blocks pays: nanoseconds, measured, for a pixel of 16 channels turned
// (4), for one that is compared there (2), and for one of one channel where it lies (1.2).
template <class T>
bool are_blocks_faster(const RoiPoolPlan& plan, const RoiPoolConfig<T>& config) {
  double turned = 0.0, compared = 0.0;
  for (const ImageRegions& image : plan.images) {
    turned += static_cast<double>(length(image.touched) * config.width);
  }
  const PixelRange* range = plan.bins.data();
  for (size_t region = 0; region < plan.regions.size(); ++region) {
    int64_t rows = 0, columns = 0;
    for (int64_t y = 0; y < config.pooled_height; ++y) rows += length(*range++);
    for (int64_t x = 0; x < config.pooled_width; ++x) columns += length(*range++);
    compared += static_cast<double>(rows) * static_cast<double>(columns);
  }
  const double channels = static_cast<double>(std::min<int64_t>(config.channels, 16));
  return 4.0 * turned + 2.0 * compared < 1.2 * channels * compared;
}

}  // namespace opsbridge
