// RoI pooling over a range of regions, read where they lie, compiled once per instruction-set
// level.
#include "ops/roi_pool_bins.h"
#include "ops/roi_pool_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// Channels side by side hide how long an addition or a comparison takes.
constexpr int kTogether = 4;

// One bin of one region: where its channels are read and written.
template <class S>
struct Bin {
  Window window;
  Plane<S> plane;
  int64_t plane_step;   // from one channel to the next
  int64_t place, step;  // the same in the result
};

template <int count, class S, class T>
void fill_channels(const RoiPoolJob<S, T>& job, const Bin<S>& bin, int64_t channel) {
  T values[count];
  int64_t places[count];
  const Plane<S> plane{bin.plane.origin + channel * bin.plane_step, bin.plane.row_stride,
                       bin.plane.column_stride};
  pool_window<count>(job.config, plane, bin.plane_step, bin.window, values, places);
  for (int i = 0; i < count; ++i) {
    const int64_t place = bin.place + (channel + i) * bin.step;
    job.pooled[place] = static_cast<S>(values[i]);
    if (job.argmax != nullptr) job.argmax[place] = static_cast<int32_t>(places[i]);
  }
}

template <class S, class T>
void fill_region(const RoiPoolJob<S, T>& job, int64_t region) {
  const RoiPoolConfig<T>& config = job.config;
  const ChannelGrid grid = channel_grid(config);
  const int64_t channels = pooled_channels(grid, config.channels);
  const RegionBins bins = bins_of_region(job, region);
  Bin<S> bin;
  bin.step = bins.height * bins.width;
  bin.plane_step = source_channel(grid, 1, 0, 0) * job.inputs.feature_strides[1];
  bin.place = region * channels * bin.step;
  for (int64_t y = 0; y < bins.height; ++y) {
    for (int64_t x = 0; x < bins.width; ++x, ++bin.place) {
      bin.window = window_of(bins, y, x);
      bin.plane = plane_of(job.inputs, job.inputs.images[region], source_channel(grid, 0, y, x));
      int64_t channel = 0;
      for (; channel <= channels - kTogether; channel += kTogether) {
        fill_channels<kTogether>(job, bin, channel);
      }
      for (; channel < channels; ++channel) fill_channels<1>(job, bin, channel);
    }
  }
}

}  // namespace

template <class S, class T>
void roi_pool(const RoiPoolJob<S, T>& job, int64_t first, int64_t last) {
  for (int64_t region = first; region < last; ++region) fill_region(job, region);
}

#define OPSBRIDGE_INSTANTIATE(S, T) \
  template void roi_pool(const RoiPoolJob<S, T>&, int64_t, int64_t);
OPSBRIDGE_FOR_EACH_REGION_TYPE(OPSBRIDGE_INSTANTIATE)

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
