// The gradient of a mean RoIAlign for one block of channels, compiled once per instruction-set
// level. Pixels of the gradient are summed as lanes; every lane takes regions, bins and samples in
// the order of the forward pass.
#include "ops/exact_shares.h"
#include "ops/roi_align_lanes.h"
#include "runtime/may_end.h"

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
template <class T, class Share>
OPSBRIDGE_FN void add_sample(LaneOf<T>* sums, const Tap<T>& y, const Tap<T>& x,
                             const SampleCorners<LaneOf<T>>& weights, const PixelLanes<T>& gradient,
                             const Share& share) {
  add(sums + y.low + x.low, share(gradient, weights.low_low));
  add(sums + y.low + x.high, share(gradient, weights.low_high));
  add(sums + y.high + x.low, share(gradient, weights.high_low));
  add(sums + y.high + x.high, share(gradient, weights.high_high));
}

// Two columns of two rows of pixels, while they are added to.
template <class T>
struct Square {
  LaneOf<T>* low_row;
  LaneOf<T>* high_row;
  SampleCorners<PixelLanes<T>> sums;

  OPSBRIDGE_MEMBER void load_low(int64_t column) {
    sums.low_low = pixel_at<T>(low_row + column);
    sums.high_low = pixel_at<T>(high_row + column);
  }
  OPSBRIDGE_MEMBER void load_high(int64_t column) {
    sums.low_high = pixel_at<T>(low_row + column);
    sums.high_high = pixel_at<T>(high_row + column);
  }
  OPSBRIDGE_MEMBER void store_low(int64_t column) const {
    store_pixel(low_row + column, sums.low_low);
    store_pixel(high_row + column, sums.high_low);
  }
  OPSBRIDGE_MEMBER void store_high(int64_t column) const {
    store_pixel(low_row + column, sums.low_high);
    store_pixel(high_row + column, sums.high_high);
  }
  // The high column becomes the low one.
  OPSBRIDGE_MEMBER void move() {
    sums.low_low = sums.low_high;
    sums.high_low = sums.high_high;
  }
};

// The samples of one row of a bin, one after the other, in registers: neighbours share pixels, and
// memory would have to give back at once what was stored there. No pixel's additions change places.
template <class T, class Share>
OPSBRIDGE_FN void add_samples(LaneOf<T>* sums, const Tap<T>& y, const Tap<T>* taps, int64_t count,
                              const SampleCorners<LaneOf<T>>* weights,
                              const PixelLanes<T>& gradient, const Share& share) {
  Square<T> square;
  square.low_row = sums + y.low;
  square.high_row = sums + y.high;
  int64_t low = taps[0].low, high = taps[0].high;
  square.load_low(low);
  square.load_high(high);
  for (int64_t j = 0; j < count; ++j) {
    const Tap<T>& x = taps[j];
    if (x.low != low) {
      square.store_low(low);
      if (x.low == high) {
        square.move();
      } else {
        square.store_high(high);
        square.load_low(x.low);
      }
      square.load_high(x.high);
      low = x.low;
      high = x.high;
    }
    const SampleCorners<LaneOf<T>>& weight = weights[j];
    square.sums.low_low = square.sums.low_low + share(gradient, weight.low_low);
    square.sums.low_high = square.sums.low_high + share(gradient, weight.low_high);
    square.sums.high_low = square.sums.high_low + share(gradient, weight.high_low);
    square.sums.high_high = square.sums.high_high + share(gradient, weight.high_high);
  }
  square.store_low(low);
  square.store_high(high);
}

// A bin of two samples by two: all its pixels stay in registers.
template <int down, int right, class T, class Share>
OPSBRIDGE_FN void add_four_samples(LaneOf<T>* sums, const Tap<T>* ys, const Tap<T>* xs,
                                   const SampleCorners<LaneOf<T>>* weights, int64_t weights_step,
                                   const PixelLanes<T>& gradient, const Share& share) {
  PixelLanes<T> pixels[down + 2][right + 2];
#pragma GCC unroll 4
  for (int i = 0; i < down + 2; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < right + 2; ++j) {
      pixels[i][j] = pixel_at<T>(sums + pixel_of_two<down>(ys, i) + pixel_of_two<right>(xs, j));
    }
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      const SampleCorners<LaneOf<T>>& weight = weights[i * weights_step + j];
      PixelLanes<T>* low = pixels[i * down] + j * right;
      PixelLanes<T>* high = pixels[i * down + 1] + j * right;
      low[0] = low[0] + share(gradient, weight.low_low);
      low[1] = low[1] + share(gradient, weight.low_high);
      high[0] = high[0] + share(gradient, weight.high_low);
      high[1] = high[1] + share(gradient, weight.high_high);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < down + 2; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < right + 2; ++j) {
      store_pixel(sums + pixel_of_two<down>(ys, i) + pixel_of_two<right>(xs, j), pixels[i][j]);
    }
  }
}

template <class T, class Share>
OPSBRIDGE_FN void add_bin(LaneOf<T>* sums, const Region<T>& region, const BinSamples& bin,
                          const TabledWeights<T>& weights, const PixelLanes<T>& gradient,
                          const Share& share) {
  const Tap<T>* taps = region.xs.taps + bin.first_x;
  const bool has_columns = has_two(taps[0]) && has_two(taps[bin.columns - 1]);
  for (int64_t i = 0; i < bin.rows; ++i) {
    const Tap<T>& tap_y = region.ys.taps[bin.first_y + i];
    const SampleCorners<LaneOf<T>>* corners = weights.corners + i * weights.columns + bin.first_x;
    if (has_columns && has_two(tap_y)) {
      add_samples(sums, tap_y, taps, bin.columns, corners, gradient, share);
    } else {
      for (int64_t j = 0; j < bin.columns; ++j) {
        add_sample(sums, tap_y, taps[j], corners[j], gradient, share);
      }
    }
  }
}

template <int down, class T, class Share>
OPSBRIDGE_FN void add_row_of_four_samples(LaneOf<T>* sums, const Region<T>& region, int64_t y,
                                          const TabledWeights<T>& weights, const Share& share,
                                          const LaneOf<T>* gradients) {
  for (int64_t x = 0; x < region.x.bins; ++x, gradients += kBlockChannels<T>) {
    const BinSamples bin = samples_of_bin<0>(region, y, x);
    if (bin.columns == 0) continue;
    const PixelLanes<T> gradient = pixel_at<T>(gradients);
    const Tap<T>*ys = region.ys.taps + bin.first_y, *xs = region.xs.taps + bin.first_x;
    const SampleCorners<LaneOf<T>>* corners = weights.corners + bin.first_x;
    const int64_t step = weights.columns;
    switch (bin.columns == 2 ? distance(xs) : -1) {
      case 0:
        add_four_samples<down, 0>(sums, ys, xs, corners, step, gradient, share);
        break;
      case 1:
        add_four_samples<down, 1>(sums, ys, xs, corners, step, gradient, share);
        break;
      case 2:
        add_four_samples<down, 2>(sums, ys, xs, corners, step, gradient, share);
        break;
      default:
        add_bin(sums, region, bin, weights, gradient, share);
    }
  }
}

template <class T, class Share>
OPSBRIDGE_FN void add_row_of_bins(LaneOf<T>* sums, const Region<T>& region, int64_t y,
                                  const TabledWeights<T>& weights, const Share& share,
                                  const LaneOf<T>* gradients) {
  if constexpr (kHoldsFourSamples && Share::kIsUsual) {
    const BinSamples bin = samples_of_bin<0>(region, y, 0);
    if (bin.rows == 2 && region.x.samples == 2) {
      switch (distance(region.ys.taps + bin.first_y)) {
        case 0:
          return add_row_of_four_samples<0>(sums, region, y, weights, share, gradients);
        case 1:
          return add_row_of_four_samples<1>(sums, region, y, weights, share, gradients);
        case 2:
          return add_row_of_four_samples<2>(sums, region, y, weights, share, gradients);
      }
    }
  }
  for (int64_t x = 0; x < region.x.bins; ++x) {
    const BinSamples bin = samples_of_bin<0>(region, y, x);
    if (bin.columns == 0) continue;
    add_bin(sums, region, bin, weights, pixel_at<T>(gradients + x * kBlockChannels<T>), share);
  }
}

// The same where there are too many weights for a table.
template <class T, class Share>
void add_large_bins(LaneOf<T>* sums, const Region<T>& region, int64_t y, const Share& share,
                    const LaneOf<T>* gradients) {
  for (int64_t x = 0; x < region.x.bins; ++x) {
    const BinSamples bin = samples_of_bin<0>(region, y, x);
    const PixelLanes<T> gradient = pixel_at<T>(gradients + x * kBlockChannels<T>);
    for (int64_t i = 0; i < bin.rows; ++i) {
      const Tap<T>& tap_y = region.ys.taps[bin.first_y + i];
      for (int64_t j = 0; j < bin.columns; ++j) {
        const Tap<T>& tap_x = region.xs.taps[bin.first_x + j];
        add_sample(sums, tap_y, tap_x, wide_weights(tap_y, tap_x), gradient, share);
      }
    }
  }
}

// Memory that will be read soon.
struct SoonRead {
  const char* first;
  int64_t lines;

  // Asks for another part of it. All at once would be more than the core can wait for.
  void ask(int64_t part, int64_t parts) const {
    for (int64_t i = lines * part / parts; i < lines * (part + 1) / parts; ++i) {
      __builtin_prefetch(first + i * kPixelBytes);
    }
  }
};

// The gradients of a region lie far from those of the one before, which no hardware foresees.
template <class S, class T>
SoonRead gradients_of(const GradientBlock<S, T>& block, int64_t row) {
  constexpr int64_t kMost = 512 * kPixelBytes;
  const RoiAlignConfig<T>& config = block.job.config;
  const int64_t plane = config.pooled_height * config.pooled_width;
  const int64_t bytes = block.channels * plane * int64_t(sizeof(S));
  const int64_t* strides = block.job.pooled_strides;
  if (strides[1] != plane || bytes > kMost) return SoonRead{nullptr, 0};
  const S* first = block.job.pooled + row * strides[0] + block.part.first_channel * plane;
  return SoonRead{reinterpret_cast<const char*>(first), (bytes - 1) / kPixelBytes + 2};
}

// Rows of bins whose gradients are read.
template <class S, class T>
struct BinRows {
  const GradientBlock<S, T>& block;
  const Region<T>& region;
  int64_t first, last;
  const LaneOf<T>* gradients;
  SoonRead next;
};

template <class S, class T, class Share>
void add_tabled_bins(const BinRows<S, T>& rows, LaneOf<T> scale, const Share& share) {
  const WeightTables<T> weights(rows.region, rows.block.weights, scale);
  const LaneOf<T>* gradients = rows.gradients;
  for (int64_t y = rows.first; y < rows.last; ++y) {
    rows.next.ask(y, rows.region.y.bins);
    add_row_of_bins(rows.block.sums, rows.region, y, weights.row(y), share, gradients);
    gradients += rows.region.x.bins * kBlockChannels<T>;
  }
}

template <class T>
bool are_exact(const Region<T>& region, const LaneOf<T>* gradients, int64_t count) {
  const int64_t samples = region.y.samples * region.x.samples;
  return samples > 0 && samples <= kMostExactSamples &&
         double(region.ys.lightest) >= kLeastWeight && double(region.xs.lightest) >= kLeastWeight &&
         are_ordinary(gradients, count);
}

template <class S, class T>
void add_bins(const BinRows<S, T>& rows) {
  constexpr bool is_narrow = !std::is_same_v<T, LaneOf<T>>;
  const Region<T>& region = rows.region;
  const Divisor<T> divisor = divisor_of(region, rows.block.job.config.rule);
  const int64_t step = region.x.bins * kBlockChannels<T>;
  if (!fits_weights(region)) {
    for (int64_t y = rows.first; y < rows.last; ++y) {
      add_large_bins(rows.block.sums, region, y, DividedShare<T>{divisor.count},
                     rows.gradients + (y - rows.first) * step);
    }
    return;
  }
  const bool is_exact = are_exact(region, rows.gradients, (rows.last - rows.first) * step);
  if constexpr (!is_narrow) {
    if (is_exact && divisor.is_power_of_two) {
      return add_tabled_bins(rows, divisor.reciprocal, ScaledShare<T>());
    }
  }
  if constexpr (kFuses) {
    if (is_exact && !divisor.is_power_of_two) {
      return add_tabled_bins(rows, LaneOf<T>(1), fused_share<T>(divisor.count));
    }
  }
  if (divisor.is_power_of_two) {
    add_tabled_bins(rows, LaneOf<T>(1), MultipliedShare<T>{divisor.reciprocal});
  } else {
    add_tabled_bins(rows, LaneOf<T>(1), DividedShare<T>{divisor.count});
  }
}

template <class S, class T>
void add_region(const GradientBlock<S, T>& block, const Region<T>& region, int64_t row,
                const SoonRead& next) {
  const RoiAlignConfig<T>& config = block.job.config;
  const int64_t* strides = block.job.pooled_strides;
  const int64_t step = bin_rows_at_once(config.pooled_width);
  const S* pooled = block.job.pooled + row * strides[0] + block.part.first_channel * strides[1];
  for (int64_t first = 0; first < config.pooled_height; first += step) {
    const int64_t last = smaller(first + step, config.pooled_height);
    const ChannelRun<const S> run{pooled + first * strides[2], strides[1], strides[3],
                                  block.channels};
    read_rows(run, strides[2], config.pooled_width, 0, last - first, block.bins);
    add_bins(BinRows<S, T>{block, region, first, last, block.bins, next});
  }
}

template <class S, class T>
bool add_row(const GradientBlock<S, T>& block, RegionScratch<T>& scratch, int64_t row,
             const SoonRead& next) {
  const RoiAlignGradientJob<S, T>& job = block.job;
  if (job.regions[row].state == RegionState::zero) return true;
  const Region<T>* region = tables_of(job.regions[row], scratch, corners_of_row<T>(job.inputs, row),
                                      job.config, block_steps(job.config));
  if (region == nullptr) return false;
  open_rows(block, *region);
  add_region(block, *region, row, next);
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
  for (int64_t i = 0; has_memory && i < part.count && !may_end_at(i); ++i) {
    const int64_t next = part.rows[smaller(i + 1, part.count - 1)];
    has_memory = add_row(block, scratch.region, part.rows[i], gradients_of(block, next));
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
