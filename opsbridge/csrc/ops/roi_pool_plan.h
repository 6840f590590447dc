// The bins of all regions and the order of the visit, for kernels on blocks of channels. Host only.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "ops/roi_pool_levels.h"

namespace opsbridge {

struct RoiPoolPlan {
  std::vector<BinSpan> spans;    // of region after region: rows, columns
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

// Fills in the spans of one region; those of a region without bins stay empty.
template <class T>
void fill_spans(const Corners<T>& corners, const RoiPoolConfig<T>& config, ClipHigh clip,
                BinSpan* spans) {
  const PoolAxis<T> y = pool_axis(corners.y1, corners.y2, config.pooled_height, config);
  const PoolAxis<T> x = pool_axis(corners.x1, corners.x2, config.pooled_width, config);
  if (y.error != RoiError::none || x.error != RoiError::none || y.is_empty || x.is_empty) return;
  const auto span = [clip](const PoolAxis<T>& axis, int64_t bin, int64_t size) {
    const PixelRange range = bin_pixels(axis, bin, size, clip);
    return BinSpan{static_cast<int32_t>(range.first), static_cast<int32_t>(range.last)};
  };
  for (int64_t bin = 0; bin < config.pooled_height; ++bin) {
    *spans++ = span(y, bin, config.height);
  }
  for (int64_t bin = 0; bin < config.pooled_width; ++bin) *spans++ = span(x, bin, config.width);
}

inline int64_t length(const BinSpan& span) { return std::max(span.last - span.first, 0); }

// Widens a span by another that is not empty.
inline void cover(BinSpan& span, const BinSpan& other) {
  if (length(other) == 0) return;
  span = length(span) == 0
             ? other
             : BinSpan{std::min(span.first, other.first), std::max(span.last, other.last)};
}

// Regions on one image keep their order.
template <class S, class T>
RoiPoolPlan plan_blocks(const RoiPoolConfig<T>& config, const RegionInputs<S>& inputs,
                        ClipHigh clip) {
  RoiPoolPlan plan;
  const int64_t each = config.pooled_height + config.pooled_width;
  plan.spans.assign(static_cast<size_t>(inputs.rows * each), BinSpan{0, 0});
  plan.regions.resize(static_cast<size_t>(inputs.rows));
  std::iota(plan.regions.begin(), plan.regions.end(), int64_t(0));
  std::stable_sort(plan.regions.begin(), plan.regions.end(),
                   [&](int64_t a, int64_t b) { return inputs.images[a] < inputs.images[b]; });
  for (const int64_t& region : plan.regions) {
    const int64_t image = inputs.images[region];
    if (plan.images.empty() || plan.images.back().image != image) {
      plan.images.push_back(ImageRegions{image, &region, 0, BinSpan{0, 0}});
    }
    ++plan.images.back().count;
    BinSpan* const spans = plan.spans.data() + region * each;
    fill_spans(corners_of_row<T>(inputs, region), config, clip, spans);
    for (int64_t bin = 0; bin < config.pooled_height; ++bin) {
      cover(plan.images.back().touched, spans[bin]);
    }
  }
  return plan;
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
  const BinSpan* span = plan.spans.data();
  for (size_t region = 0; region < plan.regions.size(); ++region) {
    int64_t rows = 0, columns = 0;
    for (int64_t bin = 0; bin < config.pooled_height; ++bin) rows += length(*span++);
    for (int64_t bin = 0; bin < config.pooled_width; ++bin) columns += length(*span++);
    compared += static_cast<double>(rows) * static_cast<double>(columns);
  }
  const double channels = static_cast<double>(std::min<int64_t>(config.channels, 16));
  return 4.0 * turned + 2.0 * compared < 1.2 * channels * compared;
}

}  // namespace opsbridge
