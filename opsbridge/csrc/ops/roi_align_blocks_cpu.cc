// RoIAlign of one block of channels, compiled once per instruction-set level: pixels of the image
// are turned into lanes where regions first need them, and every lane folds its samples in the
// order of the shared header.
#include "ops/roi_align_lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

template <class S, class T>
struct Block {
  const RoiAlignJob<S, T>& job;
  const RoiAlignBlock& part;
  int channels;
  ChannelRun<const S> image;
  LaneOf<S>* pixels;
  LaneOf<S>* bins;
  RowSpan* spans;
  bool reads_whole_rows;
};

// ---- pixels

// Few regions need few pixels; many need each row as a whole, which is quicker in one go.
constexpr int64_t kRegionsForWholeRows = 80;

template <class S, class T>
void read_span(const Block<S, T>& block, int64_t row, int64_t first, int64_t last) {
  const int64_t* strides = block.job.inputs.feature_strides;
  ChannelRun<const S> run = block.image;
  run.origin += row * strides[2] + first * strides[3];
  const int64_t width = block.job.config.width;
  read_pixels(run, last - first, block.pixels + (row * width + first) * kBlockChannels<S>);
}

// Makes the pixels of a region present in the block. What a row holds grows by whole tiles.
template <class S, class T>
void read_region(const Block<S, T>& block, const Region<T>& region) {
  constexpr int64_t kTile = 16;
  const int64_t width = block.job.config.width;
  if (region.ys.first >= region.ys.last || region.xs.first >= region.xs.last) return;
  const int64_t first = block.reads_whole_rows ? 0 : region.xs.first / kTile * kTile;
  const int64_t last =
      block.reads_whole_rows ? width : smaller((region.xs.last + kTile - 1) / kTile * kTile, width);
  for (int64_t row = region.ys.first; row < region.ys.last; ++row) {
    RowSpan& held = block.spans[row];
    if (held.first <= first && last <= held.last) continue;
    if (held.first >= held.last) {
      read_span(block, row, first, last);
      held = RowSpan{first, last};
      continue;
    }
    if (first < held.first) {
      read_span(block, row, first, held.first);
      held.first = first;
    }
    if (last > held.last) {
      read_span(block, row, held.last, last);
      held.last = last;
    }
  }
}

// ---- bins

template <class T>
OPSBRIDGE_FN SampleCorners<PixelLanes<T>> pixels_of_sample(const LaneOf<T>* pixels, const Tap<T>& y,
                                                           const Tap<T>& x) {
  return SampleCorners<PixelLanes<T>>{
      pixel_at<T>(pixels + y.low + x.low), pixel_at<T>(pixels + y.low + x.high),
      pixel_at<T>(pixels + y.high + x.low), pixel_at<T>(pixels + y.high + x.high)};
}

// Folds every sample of a bin into `folded`, rows outside, columns inside.
template <class T, class Fold>
OPSBRIDGE_FN PixelLanes<T> fold_bin(const LaneOf<T>* pixels, const BinTaps<T>& bin,
                                    PixelLanes<T> folded, Fold fold) {
  for (int64_t i = 0; i < bin.rows; ++i) {
    for (int64_t j = 0; j < bin.columns; ++j) {
      folded = fold(folded, bin.y[i], bin.x[j], pixels_of_sample<T>(pixels, bin.y[i], bin.x[j]));
    }
  }
  return folded;
}

template <class T>
struct AddBilinear {
  OPSBRIDGE_MEMBER PixelLanes<T> operator()(const PixelLanes<T>& sum, const Tap<T>& y,
                                            const Tap<T>& x,
                                            const SampleCorners<PixelLanes<T>>& corners) const {
    return sum + bilinear(y, x, corners);
  }
};

// Means of some rows of bins, all samples usable: `rows` times `columns` of them in each bin, where
// these are known (not zero).
template <int rows, int columns, class T>
void average_even_bins(const LaneOf<T>* pixels, const Region<T>& region, const Divisor<T>& divisor,
                       int64_t first, int64_t last, LaneOf<T>* means) {
  BinTaps<T> bin;
  bin.rows = rows > 0 ? rows : region.ys.even;
  bin.columns = columns > 0 ? columns : region.xs.even;
  for (int64_t y = first; y < last; ++y) {
    bin.y = region.ys.taps + y * bin.rows;
    bin.x = region.xs.taps;
    for (int64_t x = 0; x < region.x.bins; ++x, bin.x += bin.columns) {
      const PixelLanes<T> sum = fold_bin(pixels, bin, pixel_of(T(0)), AddBilinear<T>());
      store_pixel(means, divided(sum, divisor));
      means += kBlockChannels<T>;
    }
  }
}

template <class S, class T>
void average_uneven_bins(const Block<S, T>& block, const Region<T>& region,
                         const Divisor<T>& divisor, int64_t first, int64_t last, LaneOf<T>* means) {
  const bool adds_origin =
      block.job.config.rule.unusable_sample == UnusableSample::zero_times_origin;
  LaneOf<T> origin[kBlockChannels<T>];
  read_pixels(block.image, 1, origin);
  for (int64_t y = first; y < last; ++y) {
    for (int64_t x = 0; x < region.x.bins; ++x) {
      PixelLanes<T> sum =
          fold_bin<T>(block.pixels, taps_of_bin(region, y, x), pixel_of(T(0)), AddBilinear<T>());
      if (adds_origin && has_unusable(region, y, x)) sum = sum + T(0) * pixel_at<T>(origin);
      store_pixel(means, divided(sum, divisor));
      means += kBlockChannels<T>;
    }
  }
}

template <class S, class T>
void average_bins(const Block<S, T>& block, const Region<T>& region, int64_t first, int64_t last) {
  const Divisor<T> divisor = divisor_of(region, block.job.config.rule);
  if (region.ys.even < 0 || region.xs.even < 0) {
    return average_uneven_bins(block, region, divisor, first, last, block.bins);
  }
  with_even_grid(region, [&](auto rows, auto columns) {
    average_even_bins<rows, columns>(static_cast<const LaneOf<T>*>(block.pixels), region, divisor,
                                     first, last, block.bins);
  });
}

template <class S, class T>
void maximum_bins(const Block<S, T>& block, const Region<T>& region, int64_t first, int64_t last) {
  const RoiAlignRule& rule = block.job.config.rule;
  LaneOf<T>* maxima = block.bins;
  for (int64_t y = first; y < last; ++y) {
    for (int64_t x = 0; x < region.x.bins; ++x) {
      const PixelLanes<T> best =
          fold_bin(static_cast<const LaneOf<T>*>(block.pixels), taps_of_bin(region, y, x),
                   pixel_of(first_maximum<T>(rule)),
                   [&rule](const PixelLanes<T>& folded, const Tap<T>& tap_y, const Tap<T>& tap_x,
                           const SampleCorners<PixelLanes<T>>& corners) {
                     return larger(folded, sample_maximum(tap_y, tap_x, corners, rule.reduction));
                   });
      store_pixel(maxima, has_unusable(region, y, x) ? larger(best, pixel_of(T(0))) : best);
      maxima += kBlockChannels<T>;
    }
  }
}

// ---- regions

template <class S, class T>
S* pooled_of(const Block<S, T>& block, int64_t row) {
  const RoiAlignConfig<T>& config = block.job.config;
  const int64_t bins = config.pooled_height * config.pooled_width;
  return block.job.pooled + (row * config.channels + block.part.first_channel) * bins;
}

template <class S, class T>
void fill_region(const Block<S, T>& block, const Region<T>& region, int64_t row) {
  const RoiAlignConfig<T>& config = block.job.config;
  const int64_t width = config.pooled_width, plane = config.pooled_height * width;
  const int64_t step = bin_rows_at_once(width);
  for (int64_t first = 0; first < config.pooled_height; first += step) {
    const int64_t last = smaller(first + step, config.pooled_height);
    if (config.rule.reduction == Reduction::average) {
      average_bins(block, region, first, last);
    } else {
      maximum_bins(block, region, first, last);
    }
    write_pixels(block.bins, (last - first) * width,
                 ChannelRun<S>{pooled_of(block, row) + first * width, plane, 1, block.channels});
  }
}

template <class S, class T>
bool fill_row(const Block<S, T>& block, RegionScratch<T>& scratch, int64_t row) {
  const RoiAlignJob<S, T>& job = block.job;
  const RoiAlignConfig<T>& config = job.config;
  if (job.regions[row].state == RegionState::zero) {
    S* pooled = pooled_of(block, row);
    const int64_t count = block.channels * config.pooled_height * config.pooled_width;
    for (int64_t i = 0; i < count; ++i) pooled[i] = S(0);
    return true;
  }
  const Region<T>* region = tables_of(job.regions[row], scratch, corners_of_row<T>(job.inputs, row),
                                      config, block_steps(config));
  if (region == nullptr) return false;
  read_region(block, *region);
  fill_region(block, *region, row);
  return true;
}

}  // namespace

template <class S, class T>
bool roi_align_block(const RoiAlignJob<S, T>& job, const RoiAlignBlock& part,
                     BlockScratch<T>& scratch) {
  const int64_t* strides = job.inputs.feature_strides;
  const int channels = channels_of(part, job.config);
  const S* origin = job.inputs.features + part.image * strides[0] + part.first_channel * strides[1];
  const Block<S, T> block{job,
                          part,
                          channels,
                          ChannelRun<const S>{origin, strides[1], strides[3], channels},
                          static_cast<LaneOf<S>*>(scratch.pixels),
                          static_cast<LaneOf<S>*>(scratch.bins),
                          scratch.spans,
                          part.count >= kRegionsForWholeRows};
  for (int64_t row = 0; row < job.config.height; ++row) block.spans[row] = RowSpan{0, 0};
  bool has_memory = true;
  for (int64_t i = 0; has_memory && i < part.count; ++i) {
    has_memory = fill_row(block, scratch.region, part.rows[i]);
  }
  return has_memory;
}

#define OPSBRIDGE_INSTANTIATE(S, T) \
  template bool roi_align_block(const RoiAlignJob<S, T>&, const RoiAlignBlock&, BlockScratch<T>&);
OPSBRIDGE_INSTANTIATE(Half, Half)
OPSBRIDGE_INSTANTIATE(Half, float)
OPSBRIDGE_INSTANTIATE(BrainFloat, BrainFloat)
OPSBRIDGE_INSTANTIATE(BrainFloat, float)
OPSBRIDGE_INSTANTIATE(float, float)
OPSBRIDGE_INSTANTIATE(double, double)
#undef OPSBRIDGE_INSTANTIATE

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
