// The gradient of the maximum of every bin for a block of channels of one image, compiled once per
// instruction-set level. Each plane takes its regions and bins in the order of the forward pass, so
// that sums are the same for every number of threads.
#include "ops/plane_sums.h"
#include "ops/roi_pool_block.h"
#include "ops/roi_pool_places.h"
#include "runtime/interrupt.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// Places are found for all channels of the block at once, sums are added plane by plane: a plane
// fits a near cache, a block does not.
template <class S, class T>
bool roi_pool_backward_block(const RoiPoolGradientJob<S, T>& job, const ImageRegions& image,
                             int64_t first_channel, char* memory) {
  const Block<S, T> block = open_block(job.config, job.inputs, image, first_channel, memory);
  const int64_t plane = job.config.height * job.config.width;
  const int64_t bins = job.config.pooled_height * job.config.pooled_width;
  const int64_t together = regions_together(job.config), stride = together * bins;
  const int64_t width = job.config.pooled_width;
  int32_t* const places = reinterpret_cast<int32_t*>(memory + block_bytes(job.config));
  S* output = job.gradient + (image.image * job.config.channels + first_channel) * plane;
  T* sums = open_sums<S, T>(output, block.channels * plane);
  for (int64_t first = 0; sums != nullptr && first < image.count; first += together) {
    if (first > 0 && is_interrupted()) break;
    const int64_t last = smaller(first + together, image.count);
    for (int64_t i = first; i < last; ++i) {
      find_places(block, bins_of_region(job, image.regions[i]));
      write_places(block, places + (i - first) * bins, stride);
    }
    for (int channel = 0; channel < block.channels; ++channel) {
      const auto places_of = [&](int64_t i) {
        return BinRow<int32_t>{places + channel * stride + (i - first) * bins, width, 1};
      };
      for (int64_t i = first; i < last; ++i) {
        add_to_plane(job, image, i, last - 1, first_channel + channel, places_of,
                     sums + channel * plane);
      }
    }
  }
  close_sums(sums, output, block.channels * plane);
  return sums != nullptr;
}

#define OPSBRIDGE_INSTANTIATE(S, T)                                                           \
  template bool roi_pool_backward_block(const RoiPoolGradientJob<S, T>&, const ImageRegions&, \
                                        int64_t, char*);
OPSBRIDGE_FOR_EACH_REGION_TYPE(OPSBRIDGE_INSTANTIATE)

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
