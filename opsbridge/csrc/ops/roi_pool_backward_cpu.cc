// The gradient of RoI pooling over a range of planes, compiled once per instruction-set level. Each
// plane takes its regions and bins in the order of the forward pass, so that sums are the same for
// every number of threads.
#include "ops/plane_sums.h"
#include "ops/roi_pool_bins.h"
#include "ops/roi_pool_levels.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// An average gives every pixel of the window its share.
template <class T>
void add_average(T* sums, int64_t width, const Window& window, T gradient) {
  const T share = average_share(window, gradient);
  for (int64_t y = window.rows.first; y < window.rows.last; ++y) {
    T* row = sums + y * width;
    for (int64_t x = window.columns.first; x < window.columns.last; ++x) row[x] = row[x] + share;
  }
}

// A maximum gives all to the pixel that was taken.
template <class T, class S>
void add_maximum(T* sums, int64_t width, const Plane<S>& features, const Window& window,
                 T gradient) {
  T value;
  int64_t place;
  find_maxima<1>(features, 0, window, width, &value, &place);
  if (place >= 0) sums[place] = sums[place] + gradient;
}

// Adds what one region gives to one plane.
template <class S, class T>
void add_region(const RoiPoolGradientJob<S, T>& job, const RegionBins& bins, T* sums, int64_t row,
                int64_t channel) {
  const RoiPoolConfig<T>& config = job.config;
  const SourceBins own = bins_of_source(channel_grid(config), channel);
  const Plane<S> features = plane_of(job.inputs, job.inputs.images[row], channel);
  const S* pooled = job.pooled + row * job.pooled_strides[0] + own.channel * job.pooled_strides[1];
  for (int64_t y = own.first_y; y < own.last_y; ++y) {
    for (int64_t x = own.first_x; x < own.last_x; ++x) {
      const Window window = window_of(bins, y, x);
      const T gradient =
          static_cast<T>(pooled[y * job.pooled_strides[2] + x * job.pooled_strides[3]]);
      if (config.rule.pooling == Pooling::average) {
        add_average(sums, config.width, window, gradient);
      } else {
        add_maximum(sums, config.width, features, window, gradient);
      }
    }
  }
}

// Adds what one region gives to the planes [first, last), as far as they are of its image.
template <class S, class T>
void add_row(const RoiPoolGradientJob<S, T>& job, T* sums, int64_t row, int64_t first,
             int64_t last) {
  const RoiPoolConfig<T>& config = job.config;
  const int64_t image = job.inputs.images[row];
  const int64_t begin = larger(first, image * config.channels);
  const int64_t end = smaller(last, (image + 1) * config.channels);
  if (begin >= end) return;
  const RegionBins bins = bins_of_region(job, row);
  for (int64_t plane = begin; plane < end; ++plane) {
    T* plane_sums = sums + (plane - first) * config.height * config.width;
    add_region(job, bins, plane_sums, row, plane - image * config.channels);
  }
}

}  // namespace

template <class S, class T>
bool roi_pool_backward(const RoiPoolGradientJob<S, T>& job, int64_t first, int64_t last) {
  const int64_t plane_size = job.config.height * job.config.width;
  const int64_t count = (last - first) * plane_size;
  if (count == 0) return true;  // such a gradient may lie nowhere
  S* output = job.gradient + first * plane_size;
  T* sums = open_sums<S, T>(output, count);
  for (int64_t row = 0; sums != nullptr && row < job.inputs.rows && !may_end_at(row); ++row) {
    add_row(job, sums, row, first, last);
  }
  close_sums(sums, output, count);
  return sums != nullptr;
}

#define OPSBRIDGE_INSTANTIATE(S, T) \
  template bool roi_pool_backward(const RoiPoolGradientJob<S, T>&, int64_t, int64_t);
OPSBRIDGE_FOR_EACH_REGION_TYPE(OPSBRIDGE_INSTANTIATE)

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
