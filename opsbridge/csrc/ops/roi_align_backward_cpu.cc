// The gradient of RoIAlign plane by plane over a range of planes, compiled once per instruction-set
// level. Each plane takes its regions, bins and samples in the order of the forward pass, so that
// sums are the same for every number of threads.
#include "ops/plane_sums.h"
#include "ops/roi_align_levels.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// One plane of the gradient: its sums, and the features it belongs to.
template <class S, class T>
struct PlaneGradient {
  T* sums;
  int64_t width;
  Plane<S> features;
};

template <class T>
void add(T* sums, int64_t place, T value) {
  sums[place] = sums[place] + value;
}

// Spreads the gradient of one sample over its four pixels.
template <class S, class T>
void add_sample(const PlaneGradient<S, T>& plane, const Tap<T>& y, const Tap<T>& x, T gradient,
                T count) {
  const SampleCorners<T> weights = corner_weights(y, x);
  const int64_t low_row = y.low * plane.width, high_row = y.high * plane.width;
  add(plane.sums, low_row + x.low, (gradient * weights.low_low) / count);
  add(plane.sums, low_row + x.high, (gradient * weights.low_high) / count);
  add(plane.sums, high_row + x.low, (gradient * weights.high_low) / count);
  add(plane.sums, high_row + x.high, (gradient * weights.high_high) / count);
}

template <class S, class T>
void add_average(const PlaneGradient<S, T>& plane, const Region<T>& region,
                 const RoiAlignRule& rule, int64_t bin_y, int64_t bin_x, T gradient) {
  const TapTable<T>&ys = region.ys, &xs = region.xs;
  const T count = sample_count(region.y, region.x, rule.count);
  for (int64_t i = ys.bin_ends[bin_y]; i < ys.bin_ends[bin_y + 1]; ++i) {
    for (int64_t j = xs.bin_ends[bin_x]; j < xs.bin_ends[bin_x + 1]; ++j) {
      add_sample(plane, ys.taps[i], xs.taps[j], gradient, count);
    }
  }
}

// How many usable samples come before the first unusable one, which counts as a value of zero.
template <class T>
int64_t samples_before_zero(const Region<T>& region, int64_t bin_y, int64_t bin_x) {
  const TapTable<T>&ys = region.ys, &xs = region.xs;
  if (ys.before[bin_y] > 0 || xs.before[bin_x] > 0) return 0;
  const int64_t rows = ys.bin_ends[bin_y + 1] - ys.bin_ends[bin_y];
  const int64_t columns = xs.bin_ends[bin_x + 1] - xs.bin_ends[bin_x];
  return xs.after[bin_x] > 0 ? columns : rows * columns;
}

// The sample that the forward pass took as the maximum; absent where that was no usable one.
template <class T>
struct Chosen {
  const Tap<T>* y;
  const Tap<T>* x;
};

template <class S, class T>
Chosen<T> chosen_sample(const Plane<S>& features, const Region<T>& region, const RoiAlignRule& rule,
                        int64_t bin_y, int64_t bin_x) {
  const TapTable<T>&ys = region.ys, &xs = region.xs;
  const bool has_zero = has_unusable(region, bin_y, bin_x);
  int64_t until_zero = has_zero ? samples_before_zero(region, bin_y, bin_x) : -1;
  Chosen<T> chosen{nullptr, nullptr};
  T best = first_maximum<T>(rule, region.y, region.x);
  for (int64_t i = ys.bin_ends[bin_y]; i < ys.bin_ends[bin_y + 1]; ++i) {
    for (int64_t j = xs.bin_ends[bin_x]; j < xs.bin_ends[bin_x + 1]; ++j) {
      if (until_zero-- == 0 && best < T(0)) {
        best = T(0);
        chosen = Chosen<T>{nullptr, nullptr};
      }
      const Tap<T>&y = ys.taps[i], &x = xs.taps[j];
      const T value = sample_maximum(corner_weights(y, x), corners_of_sample<T>(features, y, x),
                                     rule.reduction);
      if (value > best) {
        best = value;
        chosen = Chosen<T>{&y, &x};
      }
    }
  }
  return has_zero && best < T(0) ? Chosen<T>{nullptr, nullptr} : chosen;
}

template <class S, class T>
void add_maximum(const PlaneGradient<S, T>& plane, const Region<T>& region,
                 const RoiAlignRule& rule, int64_t bin_y, int64_t bin_x, T gradient) {
  const Chosen<T> chosen = chosen_sample(plane.features, region, rule, bin_y, bin_x);
  if (chosen.y == nullptr) return;
  const Tap<T>&y = *chosen.y, &x = *chosen.x;
  if (rule.reduction == Reduction::maximum) return add_sample(plane, y, x, gradient, T(1));
  const SampleCorners<T> weights = corner_weights(y, x);
  switch (largest_corner(weights, corners_of_sample<T>(plane.features, y, x))) {
    case 0:
      return add(plane.sums, y.low * plane.width + x.low, gradient * weights.low_low);
    case 1:
      return add(plane.sums, y.low * plane.width + x.high, gradient * weights.low_high);
    case 2:
      return add(plane.sums, y.high * plane.width + x.low, gradient * weights.high_low);
    default:
      return add(plane.sums, y.high * plane.width + x.high, gradient * weights.high_high);
  }
}

// Adds what one region gives to one plane.
template <class S, class T>
void add_region(const RoiAlignGradientJob<S, T>& job, const PlaneGradient<S, T>& plane,
                const Region<T>& region, int64_t row, int64_t channel) {
  const RoiAlignConfig<T>& config = job.config;
  const SourceBins bins = bins_of_source(channel_grid(config), channel);
  const S* pooled = job.pooled + row * job.pooled_strides[0] + bins.channel * job.pooled_strides[1];
  for (int64_t y = bins.first_y; y < bins.last_y; ++y) {
    for (int64_t x = bins.first_x; x < bins.last_x; ++x) {
      const T gradient =
          static_cast<T>(pooled[y * job.pooled_strides[2] + x * job.pooled_strides[3]]);
      if (config.rule.reduction == Reduction::average) {
        add_average(plane, region, config.rule, y, x, gradient);
      } else {
        add_maximum(plane, region, config.rule, y, x, gradient);
      }
    }
  }
}

// Adds what one region gives to the planes [first, last), as far as they are of its image.
template <class S, class T>
bool add_row(const RoiAlignGradientJob<S, T>& job, RegionScratch<T>& scratch, T* sums, int64_t row,
             int64_t first, int64_t last) {
  const RoiAlignConfig<T>& config = job.config;
  const int64_t image = job.inputs.images[row];
  const int64_t begin = larger(first, image * config.channels);
  const int64_t end = smaller(last, (image + 1) * config.channels);
  if (begin >= end || job.regions[row].state == RegionState::zero) return true;
  const Region<T>* region =
      tables_of(job.regions[row], scratch, corners_of_row<T>(job.inputs, row), config, kPixelSteps);
  for (int64_t plane = begin; region != nullptr && plane < end; ++plane) {
    const int64_t channel = plane - image * config.channels;
    T* plane_sums = sums + (plane - first) * config.height * config.width;
    const PlaneGradient<S, T> target{plane_sums, config.width,
                                     plane_of(job.inputs, image, channel)};
    add_region(job, target, *region, row, channel);
  }
  return region != nullptr;
}

}  // namespace

template <class S, class T>
bool roi_align_backward(const RoiAlignGradientJob<S, T>& job, int64_t first, int64_t last) {
  const int64_t plane_size = job.config.height * job.config.width;
  const int64_t count = (last - first) * plane_size;
  if (count == 0) return true;  // such a gradient may lie nowhere
  S* output = job.gradient + first * plane_size;
  T* sums = open_sums<S, T>(output, count);
  RegionScratch<T> scratch;
  bool has_memory = open_region(scratch, job.config) && sums != nullptr;
  for (int64_t row = 0; has_memory && row < job.inputs.rows && !may_end_at(row); ++row) {
    has_memory = add_row(job, scratch, sums, row, first, last);
  }
  close_region(scratch);
  close_sums(sums, output, count);
  return has_memory;
}

template bool roi_align_backward(const RoiAlignGradientJob<Half, Half>&, int64_t, int64_t);
template bool roi_align_backward(const RoiAlignGradientJob<Half, float>&, int64_t, int64_t);
template bool roi_align_backward(const RoiAlignGradientJob<BrainFloat, BrainFloat>&, int64_t,
                                 int64_t);
template bool roi_align_backward(const RoiAlignGradientJob<BrainFloat, float>&, int64_t, int64_t);
template bool roi_align_backward(const RoiAlignGradientJob<float, float>&, int64_t, int64_t);
template bool roi_align_backward(const RoiAlignGradientJob<double, double>&, int64_t, int64_t);

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
