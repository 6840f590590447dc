// RoI pooling over a range of regions, compiled once per instruction-set level.
#include "ops/roi_pool_bins.h"
#include "ops/roi_pool_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The value of one bin, and the place of its maximum in the plane (-1: none).
template <class T>
struct Pooled {
  T value;
  int64_t argmax;
};

template <class T, class S>
Pooled<T> average_of(const Plane<S>& plane, const Window& window) {
  T sum = T(0);
  for (int64_t y = window.rows.first; y < window.rows.last; ++y) {
    for (int64_t x = window.columns.first; x < window.columns.last; ++x) {
      sum = sum + static_cast<T>(at(plane, y, x));
    }
  }
  return Pooled<T>{sum / static_cast<T>(area(window)), -1};
}

template <class T, class S>
Pooled<T> pool_window(const Plane<S>& plane, const Window& window, const RoiPoolConfig<T>& config) {
  if (area(window) == 0) return Pooled<T>{T(0), -1};
  if (config.rule.pooling == Pooling::average) return average_of<T>(plane, window);
  const Maximum<T> best = maximum_of<T>(plane, window);
  return Pooled<T>{best.value, best.y < 0 ? -1 : best.y * config.width + best.x};
}

template <class S, class T>
void fill_row(const RoiPoolJob<S, T>& job, Bins& bins, int64_t row) {
  const RoiPoolConfig<T>& config = job.config;
  const ChannelGrid grid = channel_grid(config);
  const int64_t channels = pooled_channels(grid, config.channels);
  const Corners<T> corners = corners_of_row<T>(job.inputs, row);
  const bool has_bins = fill_bins(bins, corners, config, config.rule.clip_high);
  int64_t place = row * channels * config.pooled_height * config.pooled_width;
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int64_t y = 0; y < config.pooled_height; ++y) {
      for (int64_t x = 0; x < config.pooled_width; ++x, ++place) {
        const int64_t source = source_channel(grid, channel, y, x);
        const Plane<S> plane = plane_of(job.inputs, job.inputs.images[row], source);
        const Pooled<T> pooled =
            has_bins ? pool_window(plane, window_of(bins, y, x), config) : Pooled<T>{T(0), -1};
        job.pooled[place] = static_cast<S>(pooled.value);
        if (job.argmax != nullptr) job.argmax[place] = static_cast<int32_t>(pooled.argmax);
      }
    }
  }
}

}  // namespace

template <class S, class T>
bool roi_pool(const RoiPoolJob<S, T>& job, int64_t first, int64_t last) {
  Bins bins;
  const bool has_memory = open_bins(bins, job.config);
  for (int64_t row = first; has_memory && row < last; ++row) fill_row(job, bins, row);
  close_bins(bins);
  return has_memory;
}

template bool roi_pool(const RoiPoolJob<Half, Half>&, int64_t, int64_t);
template bool roi_pool(const RoiPoolJob<Half, float>&, int64_t, int64_t);
template bool roi_pool(const RoiPoolJob<BrainFloat, BrainFloat>&, int64_t, int64_t);
template bool roi_pool(const RoiPoolJob<BrainFloat, float>&, int64_t, int64_t);
template bool roi_pool(const RoiPoolJob<float, float>&, int64_t, int64_t);
template bool roi_pool(const RoiPoolJob<double, double>&, int64_t, int64_t);

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
