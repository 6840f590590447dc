// The gradient of a mean RoIAlign for one block of channels, compiled once per instruction-set
// level. Pixels of the gradient are summed as lanes; every lane takes regions, bins and samples in
// the order of the forward pass.
#include "ops/roi_align_lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

template <class S, class T>
struct GradientBlock {
  const RoiAlignGradientJob<S, T>& job;
  const RoiAlignBlock& part;
  int channels;
  LaneOf<S>* sums;
  LaneOf<S>* bins;
  void* weights;
  RowSpan* spans;
};

// Rows start at zero when the first region touches them.
template <class S, class T>
void open_rows(const GradientBlock<S, T>& block, const Region<T>& region) {
  const int64_t width = block.job.config.width;
  for (int64_t row = region.ys.first; row < region.ys.last; ++row) {
    if (block.spans[row].last > 0) continue;
    block.spans[row] = RowSpan{0, width};
    LaneOf<S>* sums = block.sums + row * width * kBlockChannels<S>;
    for (int64_t i = 0; i < width * kBlockChannels<S>; ++i) sums[i] = LaneOf<S>(0);
  }
}

// Writes all rows to the gradient; those that no region touched are zero.
template <class S, class T>
void close_rows(const GradientBlock<S, T>& block) {
  const int64_t height = block.job.config.height, width = block.job.config.width;
  const int64_t plane = height * width;
  S* gradient = block.job.gradient +
                (block.part.image * block.job.config.channels + block.part.first_channel) * plane;
  int64_t first = 0;
  while (first < height) {
    const bool is_touched = block.spans[first].last > 0;
    int64_t last = first + 1;
    while (last < height && (block.spans[last].last > 0) == is_touched) ++last;
    S* rows = gradient + first * width;
    if (is_touched) {
      write_pixels(block.sums + first * width * kBlockChannels<S>, (last - first) * width,
                   ChannelRun<S>{rows, plane, 1, block.channels});
    } else {
      for (int channel = 0; channel < block.channels; ++channel) {
        for (int64_t i = 0; i < (last - first) * width; ++i) rows[channel * plane + i] = S(0);
      }
    }
    first = last;
  }
}

template <class T>
OPSBRIDGE_FN void add(LaneOf<T>* sum, const PixelLanes<T>& value) {
  store_pixel(sum, pixel_at<T>(sum) + value);
}

// Spreads the gradient of one sample over its four pixels, in this order.
template <class T>
OPSBRIDGE_FN void add_sample(LaneOf<T>* sums, const Tap<T>& y, const Tap<T>& x,
                             const SampleCorners<LaneOf<T>>& weights, const PixelLanes<T>& gradient,
                             const Divisor<T>& divisor) {
  add(sums + y.low + x.low, divided(gradient * weights.low_low, divisor));
  add(sums + y.low + x.high, divided(gradient * weights.low_high, divisor));
  add(sums + y.high + x.low, divided(gradient * weights.high_low, divisor));
  add(sums + y.high + x.high, divided(gradient * weights.high_high, divisor));
}

template <int rows, int columns, class T, class Weights>
OPSBRIDGE_FN void add_row_of_bins(LaneOf<T>* sums, const Region<T>& region, int64_t y,
                                  const Weights& weights, const Divisor<T>& divisor,
                                  const LaneOf<T>* gradients) {
  const int64_t bins = region.x.bins;
  for (int64_t x = 0; x < bins; ++x) {
    const BinSamples bin = samples_of_bin<rows, columns>(region, y, x);
    const PixelLanes<T> gradient = pixel_at<T>(gradients + x * kBlockChannels<T>);
    for (int64_t i = 0; i < bin.rows; ++i) {
      const Tap<T>& tap_y = region.ys.taps[bin.first_y + i];
      for (int64_t j = 0; j < bin.columns; ++j) {
        const Tap<T>& tap_x = region.xs.taps[bin.first_x + j];
        add_sample(sums, tap_y, tap_x, weights(i, bin.first_x + j, tap_y, tap_x), gradient,
                   divisor);
      }
    }
  }
}

template <class S, class T>
void add_bins(const GradientBlock<S, T>& block, const Region<T>& region, int64_t first,
              int64_t last) {
  const Divisor<T> divisor = divisor_of(region, block.job.config.rule);
  const LaneOf<T>* gradients = block.bins;
  const int64_t step = region.x.bins * kBlockChannels<T>;
  if (!fits_weights(region)) {
    for (int64_t y = first; y < last; ++y, gradients += step) {
      add_row_of_bins<0, 0>(block.sums, region, y, ComputedWeights<T>(), divisor, gradients);
    }
    return;
  }
  with_grid(region, [&](auto rows, auto columns) {
    for (int64_t y = first; y < last; ++y, gradients += step) {
      add_row_of_bins<rows, columns>(block.sums, region, y,
                                     weights_of_row(region, y, block.weights), divisor, gradients);
    }
  });
}

template <class S, class T>
void add_region(const GradientBlock<S, T>& block, const Region<T>& region, int64_t row) {
  const RoiAlignConfig<T>& config = block.job.config;
  const int64_t* strides = block.job.pooled_strides;
  const int64_t step = bin_rows_at_once(config.pooled_width);
  const S* pooled = block.job.pooled + row * strides[0] + block.part.first_channel * strides[1];
  for (int64_t first = 0; first < config.pooled_height; first += step) {
    const int64_t last = smaller(first + step, config.pooled_height);
    const ChannelRun<const S> run{pooled + first * strides[2], strides[1], strides[3],
                                  block.channels};
    read_rows(run, strides[2], config.pooled_width, 0, last - first, block.bins);
    add_bins(block, region, first, last);
  }
}

// Asks for the gradients of a region before they are needed. They are far apart from one region to
// the next, which no hardware foresees.
template <class S, class T>
void prefetch_gradients(const GradientBlock<S, T>& block, int64_t row) {
  constexpr int64_t kLine = kPixelBytes / int64_t(sizeof(S)), kLines = 128;
  const RoiAlignConfig<T>& config = block.job.config;
  const int64_t plane = config.pooled_height * config.pooled_width;
  const int64_t* strides = block.job.pooled_strides;
  if (strides[1] != plane || block.channels * plane > kLines * kLine) return;
  const S* first = block.job.pooled + row * strides[0] + block.part.first_channel * plane;
  for (int64_t i = 0; i < block.channels * plane; i += kLine) __builtin_prefetch(first + i);
}

template <class S, class T>
bool add_row(const GradientBlock<S, T>& block, RegionScratch<T>& scratch, int64_t row) {
  const RoiAlignGradientJob<S, T>& job = block.job;
  if (job.regions[row].state == RegionState::zero) return true;
  const Region<T>* region = tables_of(job.regions[row], scratch, corners_of_row<T>(job.inputs, row),
                                      job.config, block_steps(job.config));
  if (region == nullptr) return false;
  open_rows(block, *region);
  add_region(block, *region, row);
  return true;
}

}  // namespace

template <class S, class T>
bool roi_align_block_backward(const RoiAlignGradientJob<S, T>& job, const RoiAlignBlock& part,
                              BlockScratch<T>& scratch) {
  const GradientBlock<S, T> block{job,
                                  part,
                                  channels_of(part, job.config),
                                  static_cast<LaneOf<S>*>(scratch.pixels),
                                  static_cast<LaneOf<S>*>(scratch.bins),
                                  scratch.weights,
                                  scratch.spans};
  for (int64_t row = 0; row < job.config.height; ++row) block.spans[row] = RowSpan{0, 0};
  bool has_memory = true;
  for (int64_t i = 0; has_memory && i < part.count; ++i) {
    if (i + 1 < part.count) prefetch_gradients(block, part.rows[i + 1]);
    has_memory = add_row(block, scratch.region, part.rows[i]);
  }
  close_rows(block);
  return has_memory;
}

#define OPSBRIDGE_INSTANTIATE(S, T)                                                              \
  template bool roi_align_block_backward(const RoiAlignGradientJob<S, T>&, const RoiAlignBlock&, \
                                         BlockScratch<T>&);
OPSBRIDGE_INSTANTIATE(Half, Half)
OPSBRIDGE_INSTANTIATE(Half, float)
OPSBRIDGE_INSTANTIATE(BrainFloat, BrainFloat)
OPSBRIDGE_INSTANTIATE(BrainFloat, float)
OPSBRIDGE_INSTANTIATE(float, float)
OPSBRIDGE_INSTANTIATE(double, double)
#undef OPSBRIDGE_INSTANTIATE

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
