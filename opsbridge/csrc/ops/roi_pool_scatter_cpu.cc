// The gradient of the maximum of every bin where the forward pass kept the places of the maxima,
// compiled once per instruction-set level: plane by plane, each of which fits a near cache.
#include "ops/plane_sums.h"
#include "ops/roi_pool_places.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

template <class S, class T>
bool roi_pool_scatter(const RoiPoolGradientJob<S, T>& job, const ImageRegions& image,
                      int64_t first_channel, int64_t last_channel) {
  const int64_t plane = job.config.height * job.config.width;
  const int64_t* strides = job.argmax_strides;
  for (int64_t channel = first_channel; channel < last_channel; ++channel) {
    S* output = job.gradient + (image.image * job.config.channels + channel) * plane;
    T* sums = open_sums<S, T>(output, plane);
    if (sums == nullptr) return false;
    add_to_plane(
        job, image, 0, image.count, channel,
        [&](int64_t i) {
          const int64_t place = image.regions[i] * strides[0] + channel * strides[1];
          return BinRow<int32_t>{job.argmax + place, strides[2], strides[3]};
        },
        sums);
    close_sums(sums, output, plane);
  }
  return true;
}

#define OPSBRIDGE_INSTANTIATE(S, T)                                                             \
  template bool roi_pool_scatter(const RoiPoolGradientJob<S, T>&, const ImageRegions&, int64_t, \
                                 int64_t);
OPSBRIDGE_FOR_EACH_REGION_TYPE(OPSBRIDGE_INSTANTIATE)

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
