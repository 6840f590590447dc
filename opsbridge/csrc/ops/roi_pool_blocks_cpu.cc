// The maximum of every bin for a block of channels of one image, compiled once per
// instruction-set level.
#include "ops/roi_pool_block.h"
#include "ops/roi_pool_levels.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// Whether a zero among the numbers is negative.
template <class N>
bool has_minus_zero(const N* first, const N* last) {
  using Bits = Vector<PlaceOf<N>>;
  const Bits sign = reinterpret_cast<Bits>(all_lanes(N(-0.0)));
  Bits found{};
  for (; first < last; first += kLanes<N>) {
    found |= reinterpret_cast<Bits>(load_lanes(first)) == sign;
  }
  return lane_bits(found) != 0;
}

// Maxima without their places are much cheaper and differ in nothing but the sign of a zero, which
// matters only where there are zeros of both signs.
template <class S, class T>
class SignOfZero {
 public:
  explicit SignOfZero(const Block<S, T>& block) : block_(block) {}

  bool is_certain() {
    if (!has_looked_) {
      const int64_t numbers = block_.config.width * kBlockChannels<S>;
      is_certain_ = !has_minus_zero(block_.pixels + block_.image.touched.first * numbers,
                                    block_.pixels + block_.image.touched.last * numbers);
      has_looked_ = true;
    }
    return is_certain_;
  }

 private:
  const Block<S, T>& block_;
  bool has_looked_ = false, is_certain_ = false;
};

// Values alone. False: one of them is a zero.
template <class S, class T>
bool find_values(const Block<S, T>& block, const RegionBins& bins) {
  using N = LaneOf<S>;
  const MaximaWork<N, BestValue<N>> work{block.pixels, block.config.width, block.lowest,
                                         reinterpret_cast<BestValue<N>*>(block.columns)};
  Pixel<PlaceOf<N>> zeros = same_pixel(PlaceOf<N>(0));
  visit_maxima(
      work, bins,
      [&](int64_t bin, const BestValue<N>& best) {
        for (int i = 0; i < Pixel<N>::kParts; ++i) zeros.part[i] |= best.value.part[i] == N(0);
        store_pixel(block.values + bin * Pixel<N>::kNumbers, best.value);
      },
      [&](int64_t bin) { store_pixel(block.values + bin * Pixel<N>::kNumbers, same_pixel(N(0))); });
  uint32_t found = 0;
  for (const Vector<PlaceOf<N>>& part : zeros.part) found |= lane_bits(part);
  return found == 0;
}

template <class S, class T>
void write_region(const RoiPoolJob<S, T>& job, const Block<S, T>& block, int64_t region) {
  const int64_t bins = job.config.pooled_height * job.config.pooled_width;
  const int64_t first = (region * job.config.channels + block.first_channel) * bins;
  write_pixels(block.values, bins, ChannelRun<S>{job.pooled + first, bins, 1, block.channels});
  if (job.argmax != nullptr) write_places(block, job.argmax + first, bins);
}

}  // namespace

template <class S, class T>
void roi_pool_block(const RoiPoolJob<S, T>& job, const ImageRegions& image, int64_t first_channel,
                    char* memory) {
  const Block<S, T> block = open_block(job.config, job.inputs, image, first_channel, memory);
  SignOfZero<S, T> sign(block);
  for (int64_t i = 0; i < image.count && !may_end_at(i); ++i) {
    const RegionBins bins = bins_of_region(job, image.regions[i]);
    const bool is_done = job.argmax == nullptr && (find_values(block, bins) || sign.is_certain());
    if (!is_done) find_places(block, bins);
    write_region(job, block, image.regions[i]);
  }
}

#define OPSBRIDGE_INSTANTIATE(S, T) \
  template void roi_pool_block(const RoiPoolJob<S, T>&, const ImageRegions&, int64_t, char*);
OPSBRIDGE_FOR_EACH_REGION_TYPE(OPSBRIDGE_INSTANTIATE)

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
