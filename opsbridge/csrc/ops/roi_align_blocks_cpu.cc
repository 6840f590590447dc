// RoIAlign of one block of channels, compiled once per instruction-set level: pixels of the image
// are turned into lanes where regions first need them, and every lane folds its samples in the
// order of the shared header.
#include "ops/roi_align_lanes.h"
#include "runtime/may_end.h"

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
  S* planes;  // the bins again, channel by channel; null where nothing is streamed
  void* weights;
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

// Folds the samples of a bin, rows of samples outside, columns inside.
template <int columns, class T, class Weights, class Fold>
OPSBRIDGE_FN PixelLanes<T> fold_bin(const LaneOf<T>* pixels, const Region<T>& region,
                                    const BinSamples& bin, const Weights& weights,
                                    PixelLanes<T> folded, Fold fold) {
#pragma GCC unroll 2
  for (int64_t i = 0; i < bin.rows; ++i) {
    const Tap<T>& tap_y = region.ys.taps[bin.first_y + i];
#pragma GCC unroll 4
    for (int64_t j = 0; j < (columns > 0 ? columns : bin.columns); ++j) {
      const Tap<T>& tap_x = region.xs.taps[bin.first_x + j];
      folded = fold(folded, weights(i, bin.first_x + j, tap_y, tap_x),
                    pixels_of_sample<T>(pixels, tap_y, tap_x));
    }
  }
  return folded;
}

template <int columns, class T, class Weights>
OPSBRIDGE_FN PixelLanes<T> sum_bin(const LaneOf<T>* pixels, const Region<T>& region,
                                   const BinSamples& bin, const Weights& weights) {
  return fold_bin<columns>(
      pixels, region, bin, weights, pixel_of(T(0)),
      [](const PixelLanes<T>& sum, const SampleCorners<LaneOf<T>>& weight,
         const SampleCorners<PixelLanes<T>>& corners) { return sum + bilinear(weight, corners); });
}

// The same for two samples by two, each of whose pixels is read once.
template <int down, int right, class T>
OPSBRIDGE_FN PixelLanes<T> sum_four_samples(const LaneOf<T>* pixels, const Tap<T>* ys,
                                            const Tap<T>* xs,
                                            const SampleCorners<LaneOf<T>>* weights,
                                            int64_t weights_step) {
  PixelLanes<T> read[down + 2][right + 2];
#pragma GCC unroll 4
  for (int i = 0; i < down + 2; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < right + 2; ++j) {
      read[i][j] = pixel_at<T>(pixels + pixel_of_two<down>(ys, i) + pixel_of_two<right>(xs, j));
    }
  }
  PixelLanes<T> sum = pixel_of(T(0));
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      const PixelLanes<T>*low = read[i * down] + j * right, *high = read[i * down + 1] + j * right;
      const SampleCorners<PixelLanes<T>> corners{low[0], low[1], high[0], high[1]};
      sum = sum + bilinear(weights[i * weights_step + j], corners);
    }
  }
  return sum;
}

template <int down, class T, class Finish>
OPSBRIDGE_FN void average_row_of_four(const LaneOf<T>* pixels, const Region<T>& region, int64_t y,
                                      const TabledWeights<T>& weights, Finish finish,
                                      LaneOf<T>* means) {
  for (int64_t x = 0; x < region.x.bins; ++x, means += kBlockChannels<T>) {
    const BinSamples bin = samples_of_bin<0>(region, y, x);
    const Tap<T>*ys = region.ys.taps + bin.first_y, *xs = region.xs.taps + bin.first_x;
    const SampleCorners<LaneOf<T>>* corners = weights.corners + bin.first_x;
    const int64_t step = weights.columns;
    PixelLanes<T> sum;
    switch (bin.columns == 2 ? distance(xs) : -1) {
      case 0:
        sum = sum_four_samples<down, 0>(pixels, ys, xs, corners, step);
        break;
      case 1:
        sum = sum_four_samples<down, 1>(pixels, ys, xs, corners, step);
        break;
      case 2:
        sum = sum_four_samples<down, 2>(pixels, ys, xs, corners, step);
        break;
      default:
        sum = sum_bin<0>(pixels, region, bin, weights);
    }
    store_pixel(means, finish(sum, x));
  }
}

template <int columns, class T, class Weights, class Finish>
OPSBRIDGE_FN void average_row(const LaneOf<T>* pixels, const Region<T>& region, int64_t y,
                              const Weights& weights, Finish finish, LaneOf<T>* means) {
  for (int64_t x = 0; x < region.x.bins; ++x, means += kBlockChannels<T>) {
    const BinSamples bin = samples_of_bin<columns>(region, y, x);
    store_pixel(means, finish(sum_bin<columns>(pixels, region, bin, weights), x));
  }
}

template <class T, class Finish>
OPSBRIDGE_FN void average_any_row(const LaneOf<T>* pixels, const Region<T>& region, int64_t y,
                                  const TabledWeights<T>& weights, Finish finish,
                                  LaneOf<T>* means) {
  const BinSamples bin = samples_of_bin<0>(region, y, 0);
  if constexpr (kHoldsFourSamples) {
    if (bin.rows == 2 && region.x.samples == 2) {
      switch (distance(region.ys.taps + bin.first_y)) {
        case 0:
          return average_row_of_four<0>(pixels, region, y, weights, finish, means);
        case 1:
          return average_row_of_four<1>(pixels, region, y, weights, finish, means);
        case 2:
          return average_row_of_four<2>(pixels, region, y, weights, finish, means);
      }
    }
  }
  with_columns(region, [&](auto columns) {
    average_row<columns>(pixels, region, y, weights, finish, means);
  });
}

template <class S, class T>
void average_bins(const Block<S, T>& block, const Region<T>& region, int64_t first, int64_t last) {
  const RoiAlignRule& rule = block.job.config.rule;
  const Divisor<T> divisor = divisor_of(region, rule);
  const bool adds_origin = rule.unusable_sample == UnusableSample::zero_times_origin &&
                           (region.ys.even < 0 || region.xs.even < 0);
  LaneOf<T> origin[kBlockChannels<T>];
  if (adds_origin) read_pixels(block.image, 1, origin);
  const auto finish_row = [&](int64_t y) {
    return [&, y](const PixelLanes<T>& sum, int64_t x) {
      const bool is_cut = adds_origin && has_unusable(region, y, x);
      return divided(is_cut ? sum + LaneOf<T>(0) * pixel_at<T>(origin) : sum, divisor);
    };
  };
  const int64_t step = region.x.bins * kBlockChannels<T>;
  LaneOf<T>* means = block.bins;
  if (!fits_weights(region)) {
    for (int64_t y = first; y < last; ++y, means += step) {
      average_row<0>(block.pixels, region, y, ComputedWeights<T>(), finish_row(y), means);
    }
    return;
  }
  const WeightTables<T> weights(region, block.weights, LaneOf<T>(1));
  for (int64_t y = first; y < last; ++y, means += step) {
    average_any_row<T>(block.pixels, region, y, weights.row(y), finish_row(y), means);
  }
}

template <class S, class T>
void maximum_bins(const Block<S, T>& block, const Region<T>& region, int64_t first, int64_t last) {
  const RoiAlignRule& rule = block.job.config.rule;
  const auto fold = [&rule](const PixelLanes<T>& best, const SampleCorners<LaneOf<T>>& weights,
                            const SampleCorners<PixelLanes<T>>& corners) {
    return larger(best, sample_maximum(weights, corners, rule.reduction));
  };
  LaneOf<T>* maxima = block.bins;
  for (int64_t y = first; y < last; ++y) {
    for (int64_t x = 0; x < region.x.bins; ++x, maxima += kBlockChannels<T>) {
      const PixelLanes<T> best = fold_bin<0>(
          static_cast<const LaneOf<T>*>(block.pixels), region, samples_of_bin<0>(region, y, x),
          ComputedWeights<T>(), pixel_of(first_maximum<T>(rule, region.y, region.x)), fold);
      store_pixel(maxima, has_unusable(region, y, x) ? larger(best, pixel_of(T(0))) : best);
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
void fill_bins(const Block<S, T>& block, const Region<T>& region, int64_t first, int64_t last) {
  if (block.job.config.rule.reduction == Reduction::average) {
    average_bins(block, region, first, last);
  } else {
    maximum_bins(block, region, first, last);
  }
}

template <class S, class T>
void fill_region(const Block<S, T>& block, const Region<T>& region, int64_t row) {
  const RoiAlignConfig<T>& config = block.job.config;
  const int64_t height = config.pooled_height, width = config.pooled_width;
  const int64_t plane = height * width;
  S* pooled = pooled_of(block, row);
  if (block.planes != nullptr) {
    fill_bins(block, region, 0, height);
    write_pixels(block.bins, plane, ChannelRun<S>{block.planes, plane, 1, block.channels});
    return stream_lines(pooled, block.planes, block.channels * plane * int64_t(sizeof(S)));
  }
  const int64_t step = bin_rows_at_once(width);
  for (int64_t first = 0; first < height; first += step) {
    const int64_t last = smaller(first + step, height);
    fill_bins(block, region, first, last);
    write_pixels(block.bins, (last - first) * width,
                 ChannelRun<S>{pooled + first * width, plane, 1, block.channels});
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

// Large results are streamed where each region fills whole cache lines of them at once.
constexpr int64_t kStreamedBytes = int64_t(16) << 20;

template <class S, class T>
bool streams(const RoiAlignJob<S, T>& job, const RoiAlignBlock& part) {
  const RoiAlignConfig<T>& config = job.config;
  const int64_t plane_bytes = config.pooled_height * config.pooled_width * int64_t(sizeof(S));
  const int64_t region_bytes = config.channels * plane_bytes;
  const auto address = reinterpret_cast<uintptr_t>(job.pooled);
  return config.pooled_height <= bin_rows_at_once(config.pooled_width) &&
         job.inputs.rows * region_bytes >= kStreamedBytes && address % kPixelBytes == 0 &&
         region_bytes % kPixelBytes == 0 && part.first_channel * plane_bytes % kPixelBytes == 0 &&
         channels_of(part, config) * plane_bytes % kPixelBytes == 0;
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
                          streams(job, part) ? static_cast<S*>(scratch.planes) : nullptr,
                          scratch.weights,
                          scratch.spans,
                          part.count >= kRegionsForWholeRows};
  for (int64_t row = 0; row < job.config.height; ++row) block.spans[row] = RowSpan{0, 0};
  bool has_memory = true;
  for (int64_t i = 0; has_memory && i < part.count && !may_end_at(i); ++i) {
    has_memory = fill_row(block, scratch.region, part.rows[i]);
  }
  end_streaming();
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
