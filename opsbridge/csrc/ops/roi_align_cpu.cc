// RoIAlign over a range of regions, compiled once per instruction-set level.
#include <cstdlib>

#include "ops/roi_align.h"
#include "ops/roi_align_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The usable samples of all bins of one axis, bin after bin. Memory is kept between regions.
template <class T>
struct TapTable {
  Tap<T>* taps;
  int64_t capacity;
  int64_t* bin_ends;
  bool* has_unusable;
};

template <class T>
bool reserve(TapTable<T>& table, int64_t taps) {
  if (taps <= table.capacity) return true;
  const int64_t capacity = larger(taps, 2 * table.capacity);
  void* grown = std::realloc(table.taps, sizeof(Tap<T>) * static_cast<size_t>(capacity));
  if (grown == nullptr) return false;
  table.taps = static_cast<Tap<T>*>(grown);
  table.capacity = capacity;
  return true;
}

template <class T>
bool open_table(TapTable<T>& table, int64_t bins) {
  table = TapTable<T>{nullptr, 0, nullptr, nullptr};
  table.bin_ends = static_cast<int64_t*>(std::malloc(sizeof(int64_t) * size_t(bins + 1)));
  table.has_unusable = static_cast<bool*>(std::malloc(sizeof(bool) * size_t(bins)));
  return table.bin_ends != nullptr && table.has_unusable != nullptr;
}

template <class T>
void close_table(TapTable<T>& table) {
  std::free(table.taps);
  std::free(table.bin_ends);
  std::free(table.has_unusable);
}

template <class T>
bool fill_table(TapTable<T>& table, const RoiAxis<T>& axis, int64_t size) {
  int64_t used = 0;
  table.bin_ends[0] = 0;
  for (int64_t bin = 0; bin < axis.bins; ++bin) {
    const SampleRange range = usable_samples(axis, bin, size);
    if (!reserve(table, used + range.last - range.first)) return false;
    for (int64_t sample = range.first; sample < range.last; ++sample) {
      table.taps[used++] = tap_at(sample_position(axis, bin, sample), size);
    }
    table.bin_ends[bin + 1] = used;
    table.has_unusable[bin] = range.last - range.first < axis.samples;
  }
  return true;
}

// One channel of one image, read through its strides.
template <class S>
struct Plane {
  const S* origin;
  int64_t row_stride, column_stride;
};

template <class S>
S at(const Plane<S>& plane, int64_t y, int64_t x) {
  return plane.origin[y * plane.row_stride + x * plane.column_stride];
}

// Folds every usable sample of a bin into `start`, rows outside, columns inside.
template <class S, class T, class Fold>
T fold_bin(const Plane<S>& plane, const TapTable<T>& ys, const TapTable<T>& xs, int64_t bin_y,
           int64_t bin_x, T start, Fold fold) {
  T folded = start;
  for (int64_t i = ys.bin_ends[bin_y]; i < ys.bin_ends[bin_y + 1]; ++i) {
    const Tap<T>& y = ys.taps[i];
    for (int64_t j = xs.bin_ends[bin_x]; j < xs.bin_ends[bin_x + 1]; ++j) {
      const Tap<T>& x = xs.taps[j];
      folded =
          fold(folded, y, x, static_cast<T>(at(plane, y.low, x.low)),
               static_cast<T>(at(plane, y.low, x.high)), static_cast<T>(at(plane, y.high, x.low)),
               static_cast<T>(at(plane, y.high, x.high)));
    }
  }
  return folded;
}

template <class T>
struct Region {
  RoiAxis<T> y, x;
  TapTable<T> ys, xs;
};

template <class S, class T>
T average_bin(const Plane<S>& plane, const Region<T>& region, const RoiAlignRule& rule,
              bool has_unusable, int64_t bin_y, int64_t bin_x, bool has_pixels) {
  T sum = fold_bin(plane, region.ys, region.xs, bin_y, bin_x, T(0),
                   [](T folded, const Tap<T>& y, const Tap<T>& x, T a, T b, T c, T d) {
                     return folded + bilinear(y, x, a, b, c, d);
                   });
  if (has_unusable && has_pixels && rule.unusable_sample == UnusableSample::zero_times_origin) {
    sum = sum + T(0) * static_cast<T>(plane.origin[0]);
  }
  return sum / sample_count(region.y, region.x, rule.count);
}

template <class S, class T>
T maximum_bin(const Plane<S>& plane, const Region<T>& region, const RoiAlignRule& rule,
              bool has_unusable, int64_t bin_y, int64_t bin_x) {
  const bool by_corner = rule.reduction == Reduction::maximum_weighted_corner;
  const T start = maximum_start<T>(by_corner ? MaximumStart::lowest : rule.maximum_start);
  T best = fold_bin(plane, region.ys, region.xs, bin_y, bin_x, start,
                    [by_corner](T folded, const Tap<T>& y, const Tap<T>& x, T a, T b, T c, T d) {
                      const T value = by_corner ? largest_weighted_corner(y, x, a, b, c, d)
                                                : bilinear(y, x, a, b, c, d);
                      return larger(folded, value);
                    });
  return has_unusable ? larger(best, T(0)) : best;
}

template <class S, class T>
void fill_region(const RoiAlignJob<S, T>& job, const Region<T>& region, int64_t image, S* pooled) {
  const RoiAlignConfig<T>& config = job.config;
  const bool has_pixels = config.height > 0 && config.width > 0;
  const bool has_grid = region.y.samples * region.x.samples > 0;
  for (int64_t channel = 0; channel < config.channels; ++channel) {
    const Plane<S> plane{
        job.features + image * job.feature_strides[0] + channel * job.feature_strides[1],
        job.feature_strides[2], job.feature_strides[3]};
    for (int64_t y = 0; y < config.pooled_height; ++y) {
      for (int64_t x = 0; x < config.pooled_width; ++x) {
        const bool has_unusable =
            has_grid && (region.ys.has_unusable[y] || region.xs.has_unusable[x]);
        *pooled++ = static_cast<S>(
            config.rule.reduction == Reduction::average
                ? average_bin(plane, region, config.rule, has_unusable, y, x, has_pixels)
                : maximum_bin(plane, region, config.rule, has_unusable, y, x));
      }
    }
  }
}

template <class T>
bool is_near_zero(T x1, T x2) {
  return magnitude(x1) < T(0.001) && magnitude(x2) < T(0.001);
}

// Rows that a rule defines as zero: unusable geometry, or MindSpore's unwritten rows.
template <class T>
bool is_zero_row(const RoiAlignRule& rule, const Region<T>& region, T x1, T x2) {
  if (region.y.error != RoiError::none || region.x.error != RoiError::none) return true;
  return rule.near_zero_row == NearZeroRow::zero && is_near_zero(x1, x2);
}

template <class S, class T>
bool fill_row(const RoiAlignJob<S, T>& job, Region<T>& region, int64_t row) {
  const RoiAlignConfig<T>& config = job.config;
  const int64_t row_size = config.channels * config.pooled_height * config.pooled_width;
  S* pooled = job.pooled + row * row_size;
  const S* corner = job.corners + row * job.corner_strides[0];
  const int64_t step = job.corner_strides[1];
  const T x1 = static_cast<T>(corner[0]), y1 = static_cast<T>(corner[step]);
  const T x2 = static_cast<T>(corner[2 * step]), y2 = static_cast<T>(corner[3 * step]);
  region.y = roi_axis(y1, y2, config.pooled_height, config);
  region.x = roi_axis(x1, x2, config.pooled_width, config);
  if (is_zero_row(config.rule, region, x1, x2)) {
    for (int64_t i = 0; i < row_size; ++i) pooled[i] = S(0);
    return true;
  }
  if (!fill_table(region.ys, region.y, config.height)) return false;
  if (!fill_table(region.xs, region.x, config.width)) return false;
  fill_region(job, region, job.batch[row], pooled);
  return true;
}

}  // namespace

template <class S, class T>
bool roi_align(const RoiAlignJob<S, T>& job, int64_t first, int64_t last) {
  Region<T> region;
  bool has_memory = open_table(region.ys, job.config.pooled_height);
  has_memory = open_table(region.xs, job.config.pooled_width) && has_memory;
  for (int64_t row = first; has_memory && row < last; ++row) {
    has_memory = fill_row(job, region, row);
  }
  close_table(region.ys);
  close_table(region.xs);
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
