// The gradient of the maximum of every bin where the forward pass kept the places of the maxima,
// compiled once per instruction-set level. As many planes as fit a near cache are added to at once:
// the gradients of one region that belong to them lie next to each other.
#include "ops/plane_sums.h"
#include "ops/roi_pool_places.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

constexpr int64_t kNearBytes = int64_t(1) << 19;

template <class S, class T>
bool scatter_planes(const RoiPoolGradientJob<S, T>& job, const ImageRegions& image,
                    int64_t first_channel, int64_t last_channel) {
  const int64_t plane = job.config.height * job.config.width;
  const int64_t count = (last_channel - first_channel) * plane;
  S* output = job.gradient + (image.image * job.config.channels + first_channel) * plane;
  T* sums = open_sums<S, T>(output, count);
  const int64_t* strides = job.argmax_strides;
  for (int64_t i = 0; sums != nullptr && i < image.count && !may_end_at(i); ++i) {
    for (int64_t channel = first_channel; channel < last_channel; ++channel) {
      const auto places_of = [&](int64_t place) {
        const int32_t* first =
            job.argmax + image.regions[place] * strides[0] + channel * strides[1];
        return BinRow<int32_t>{first, strides[2], strides[3]};
      };
      add_to_plane(job, image, i, image.count - 1, channel, places_of,
                   sums + (channel - first_channel) * plane);
    }
  }
  close_sums(sums, output, count);
  return sums != nullptr;
}

}  // namespace

template <class S, class T>
bool roi_pool_scatter(const RoiPoolGradientJob<S, T>& job, const ImageRegions& image,
                      int64_t first_channel, int64_t last_channel) {
  const int64_t plane_bytes = job.config.height * job.config.width * int64_t(sizeof(T));
  const int64_t together = larger(kNearBytes / plane_bytes, int64_t(1));
  bool has_memory = true;
  for (int64_t first = first_channel; has_memory && first < last_channel; first += together) {
    has_memory = scatter_planes(job, image, first, smaller(first + together, last_channel));
  }
  return has_memory;
}

#define OPSBRIDGE_INSTANTIATE(S, T)                                                             \
  template bool roi_pool_scatter(const RoiPoolGradientJob<S, T>&, const ImageRegions&, int64_t, \
                                 int64_t);
OPSBRIDGE_FOR_EACH_REGION_TYPE(OPSBRIDGE_INSTANTIATE)

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
