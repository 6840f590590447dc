// The gradient of the maximum of every bin for a block of channels of one image, compiled once per
// instruction-set level. Each plane takes its regions and bins in the order of the forward pass, so
// that sums are the same for every number of threads.
#include "ops/plane_sums.h"
#include "ops/roi_pool_block.h"
#include "ops/roi_pool_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// Regions [first, last) of those on an image, with the places of their maxima in one channel.
struct Portion {
  int64_t first, last;
  const int32_t* places;
};

constexpr int64_t kAhead = 4;

template <class S>
void prefetch(const S* first, int64_t count) {
  for (int64_t i = 0; i < count; i += kPixelBytes / int(sizeof(S))) __builtin_prefetch(first + i);
}

// Adds the gradients of all bins to the pixels that were their maxima, in one plane.
template <class S, class T>
void add_to_plane(const RoiPoolGradientJob<S, T>& job, const ImageRegions& image,
                  const Portion& portion, int64_t channel, T* sums) {
  const int32_t* places = portion.places;
  const int64_t* strides = job.pooled_strides;
  const bool is_one_row = strides[2] == job.config.pooled_width * strides[3];
  const int64_t bins = job.config.pooled_height * job.config.pooled_width;
  const int64_t width = is_one_row ? bins : job.config.pooled_width;
  for (int64_t i = portion.first; i < portion.last; ++i) {
    // Regions lie far apart, so that nothing else fetches the next ones in time.
    const int64_t soon = smaller(i + kAhead, portion.last - 1);
    const S* row = job.pooled + channel * strides[1];
    prefetch(row + image.regions[soon] * strides[0], is_one_row ? bins : 0);
    row += image.regions[i] * strides[0];
    for (int64_t left = bins; left > 0; left -= width, row += strides[2]) {
      for (int64_t x = 0; x < width; ++x) {
        const int32_t place = *places++;
        if (place >= 0) sums[place] = sums[place] + static_cast<T>(row[x * strides[3]]);
      }
    }
  }
}

}  // namespace

// Places are found for all channels of the block at once, sums are added plane by plane: a plane
// fits a near cache, a block does not.
template <class S, class T>
bool roi_pool_backward_block(const RoiPoolGradientJob<S, T>& job, const ImageRegions& image,
                             int64_t first_channel, char* memory) {
  const Block<S, T> block = open_block(job.config, job.inputs, image, first_channel, memory);
  const int64_t plane = job.config.height * job.config.width;
  const int64_t bins = job.config.pooled_height * job.config.pooled_width;
  const int64_t together = regions_together(job.config), stride = together * bins;
  int32_t* const places = reinterpret_cast<int32_t*>(memory + block_bytes(job.config));
  S* output = job.gradient + (image.image * job.config.channels + first_channel) * plane;
  T* sums = open_sums<S, T>(output, block.channels * plane);
  for (int64_t first = 0; sums != nullptr && first < image.count; first += together) {
    const int64_t last = smaller(first + together, image.count);
    for (int64_t i = first; i < last; ++i) {
      find_places(block, bins_of_region(job, image.regions[i]));
      write_places(block, places + (i - first) * bins, stride);
    }
    for (int channel = 0; channel < block.channels; ++channel) {
      add_to_plane(job, image, Portion{first, last, places + channel * stride},
                   first_channel + channel, sums + channel * plane);
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
