// The gradient of the maximum of every bin for a block of channels of one image, compiled once per
// instruction-set level. Each plane takes its regions and bins in the order of the forward pass, so
// that sums are the same for every number of threads.
#include "ops/plane_sums.h"
#include "ops/roi_pool_block.h"
#include "ops/roi_pool_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// Adds the gradient of each bin of a region to the pixel that was its maximum, channel by channel.
template <class S, class T>
void add_region(const RoiPoolGradientJob<S, T>& job, const Block<S, T>& block, int64_t region,
                T* sums) {
  const int64_t* strides = job.pooled_strides;
  const S* pooled = job.pooled + region * strides[0] + block.first_channel * strides[1];
  const int64_t plane = job.config.height * job.config.width;
  for (int channel = 0; channel < block.channels; ++channel) {
    const PlaceOf<LaneOf<S>>* place = block.places + channel;
    for (int64_t y = 0; y < job.config.pooled_height; ++y) {
      const S* gradient = pooled + y * strides[2];
      for (int64_t x = 0; x < job.config.pooled_width; ++x, place += kBlockChannels<S>) {
        if (*place >= 0) sums[*place] = sums[*place] + static_cast<T>(gradient[x * strides[3]]);
      }
    }
    pooled += strides[1];
    sums += plane;
  }
}

}  // namespace

template <class S, class T>
bool roi_pool_backward_block(const RoiPoolGradientJob<S, T>& job, const BinSpan* spans,
                             const ImageRegions& image, int64_t first_channel, char* memory) {
  const Block<S, T> block = open_block(job.config, job.inputs, spans, image, first_channel, memory);
  const int64_t plane = job.config.height * job.config.width;
  S* output = job.gradient + (image.image * job.config.channels + first_channel) * plane;
  T* sums = open_sums<S, T>(output, block.channels * plane);
  for (int64_t i = 0; sums != nullptr && i < image.count; ++i) {
    find_places(block, spans_of(block, image.regions[i]));
    add_region(job, block, image.regions[i], sums);
  }
  close_sums(sums, output, block.channels * plane);
  return sums != nullptr;
}

#define OPSBRIDGE_INSTANTIATE(S, T)                                                      \
  template bool roi_pool_backward_block(const RoiPoolGradientJob<S, T>&, const BinSpan*, \
                                        const ImageRegions&, int64_t, char*);
OPSBRIDGE_FOR_EACH_REGION_TYPE(OPSBRIDGE_INSTANTIATE)

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
