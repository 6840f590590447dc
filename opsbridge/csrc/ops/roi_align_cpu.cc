// RoIAlign channel by channel over a range of regions, compiled once per instruction-set level: for
// channels that move to other places, and for few of them.
#include "ops/roi_align_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// Folds every usable sample of a bin into `start`, rows outside, columns inside.
template <class S, class T, class Fold>
T fold_bin(const Plane<S>& plane, const Region<T>& region, int64_t bin_y, int64_t bin_x, T start,
           Fold fold) {
  const TapTable<T>&ys = region.ys, &xs = region.xs;
  T folded = start;
  for (int64_t i = ys.bin_ends[bin_y]; i < ys.bin_ends[bin_y + 1]; ++i) {
    const Tap<T>& y = ys.taps[i];
    for (int64_t j = xs.bin_ends[bin_x]; j < xs.bin_ends[bin_x + 1]; ++j) {
      const Tap<T>& x = xs.taps[j];
      folded = fold(folded, corner_weights(y, x), corners_of_sample<T>(plane, y, x));
    }
  }
  return folded;
}

template <class S, class T>
T average_bin(const Plane<S>& plane, const Region<T>& region, const RoiAlignConfig<T>& config,
              int64_t bin_y, int64_t bin_x) {
  T sum = fold_bin(plane, region, bin_y, bin_x, T(0),
                   [](T folded, const SampleCorners<T>& weights, const SampleCorners<T>& corners) {
                     return folded + bilinear(weights, corners);
                   });
  const bool has_pixels = config.height > 0 && config.width > 0;
  if (config.rule.unusable_sample == UnusableSample::zero_times_origin && has_pixels &&
      has_unusable(region, bin_y, bin_x)) {
    sum = sum + T(0) * static_cast<T>(plane.origin[0]);
  }
  return sum / sample_count(region.y, region.x, config.rule.count);
}

template <class S, class T>
T maximum_bin(const Plane<S>& plane, const Region<T>& region, const RoiAlignRule& rule,
              int64_t bin_y, int64_t bin_x) {
  const T best =
      fold_bin(plane, region, bin_y, bin_x, first_maximum<T>(rule, region.y, region.x),
               [&rule](T folded, const SampleCorners<T>& weights, const SampleCorners<T>& corners) {
                 return larger(folded, sample_maximum(weights, corners, rule.reduction));
               });
  return has_unusable(region, bin_y, bin_x) ? larger(best, T(0)) : best;
}

template <class S, class T>
void fill_region(const RoiAlignJob<S, T>& job, const Region<T>& region, int64_t image, S* pooled) {
  const RoiAlignConfig<T>& config = job.config;
  const ChannelGrid grid = channel_grid(config);
  const int64_t channels = pooled_channels(grid, config.channels);
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int64_t y = 0; y < config.pooled_height; ++y) {
      for (int64_t x = 0; x < config.pooled_width; ++x) {
        const Plane<S> plane = plane_of(job.inputs, image, source_channel(grid, channel, y, x));
        *pooled++ = static_cast<S>(config.rule.reduction == Reduction::average
                                       ? average_bin(plane, region, config, y, x)
                                       : maximum_bin(plane, region, config.rule, y, x));
      }
    }
  }
}

template <class S, class T>
bool fill_row(const RoiAlignJob<S, T>& job, RegionScratch<T>& scratch, int64_t row) {
  const RoiAlignConfig<T>& config = job.config;
  const int64_t row_size = pooled_channels(channel_grid(config), config.channels) *
                           config.pooled_height * config.pooled_width;
  S* pooled = job.pooled + row * row_size;
  if (job.regions[row].state == RegionState::zero) {
    for (int64_t i = 0; i < row_size; ++i) pooled[i] = S(0);
    return true;
  }
  const Region<T>* region =
      tables_of(job.regions[row], scratch, corners_of_row<T>(job.inputs, row), config, kPixelSteps);
  if (region != nullptr) fill_region(job, *region, job.inputs.images[row], pooled);
  return region != nullptr;
}

}  // namespace

template <class S, class T>
bool roi_align(const RoiAlignJob<S, T>& job, int64_t first, int64_t last) {
  RegionScratch<T> scratch;
  bool has_memory = open_region(scratch, job.config);
  for (int64_t row = first; has_memory && row < last; ++row) {
    has_memory = fill_row(job, scratch, row);
  }
  close_region(scratch);
  return has_memory;
}

template bool roi_align(const RoiAlignJob<Half, Half>&, int64_t, int64_t);
template bool roi_align(const RoiAlignJob<Half, float>&, int64_t, int64_t);
template bool roi_align(const RoiAlignJob<BrainFloat, BrainFloat>&, int64_t, int64_t);
template bool roi_align(const RoiAlignJob<BrainFloat, float>&, int64_t, int64_t);
template bool roi_align(const RoiAlignJob<float, float>&, int64_t, int64_t);
template bool roi_align(const RoiAlignJob<double, double>&, int64_t, int64_t);

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
