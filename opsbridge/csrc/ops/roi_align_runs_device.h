// The gradient of averages whose number of samples is known: what every sample gives to its pixels
// is listed in the order of the CPU's additions and sorted by pixel, equal ones in order. A team of
// threads then adds the run of a pixel, each thread some channels that it reads at once.
#pragma once

#include "cuda/channels_last.h"
#include "cuda/ordering.h"
#include "ops/roi_align_plan_device.h"

namespace opsbridge {

// The planes of an image: of its pixels, or, where every bin has channels of its own, of each bin.
OPSBRIDGE_FN int64_t planes_of_image(ChannelMap map, int64_t bins) {
  return map == ChannelMap::same ? 1 : bins;
}

// The shares of all corners of all samples: four for each, regions outside, then bins and samples.
template <class T>
struct AlignShares {
  Buffers<uint32_t> pixels;   // the last key stands for none
  Buffers<uint32_t> numbers;  // a share's place in the order of additions
  T* weights;                 // by number
  uint32_t* begins;           // of the run of each pixel; empty ones begin and end at 0
  uint32_t* ends;
  int64_t count, pixel_count;  // pixels of all planes
};

// A thread lists one sample.
template <class S, class T>
struct ListAlignShares {
  Plan<S, T> plan;
  AlignShares<T> shares;
  int64_t ratio;

  OPSBRIDGE_MEMBER void operator()(int64_t number) const {
    const RoiAlignConfig<T>& config = plan.config;
    const Division sample = divided(number, ratio * ratio);
    const Division bin = divided(sample.quotient, plan.bins());
    const Division at = divided(bin.remainder, config.pooled_width);
    const Division within = divided(sample.remainder, ratio);
    const SampleRange rows = plan.rows_of(bin.quotient)[at.quotient].samples;
    const SampleRange columns = plan.columns_of(bin.quotient)[at.remainder].samples;
    const int64_t i = within.quotient, j = within.remainder;
    const uint32_t none = static_cast<uint32_t>(shares.pixel_count);
    const uint32_t first = static_cast<uint32_t>(number) * 4;
    Wide<uint32_t> pixels{{none, none, none, none}};
    if (i >= rows.first && i < rows.last && j >= columns.first && j < columns.last) {
      const PlannedRegion<T>& region = plan.regions[bin.quotient];
      const Tap<T> y = tap_at(sample_position(region.y, at.quotient, i), config.height);
      const Tap<T> x = tap_at(sample_position(region.x, at.remainder, j), config.width);
      const int64_t planes = planes_of_image(config.rule.channel_map, plan.bins());
      const int64_t plane = region.image * planes + (planes == 1 ? 0 : bin.remainder);
      const int64_t low = (plane * config.height + y.low) * config.width;
      const int64_t high = (plane * config.height + y.high) * config.width;
      pixels = Wide<uint32_t>{
          {static_cast<uint32_t>(low + x.low), static_cast<uint32_t>(low + x.high),
           static_cast<uint32_t>(high + x.low), static_cast<uint32_t>(high + x.high)}};
      const SampleCorners<T> weights = corner_weights(y, x);
      T* const to = shares.weights + first;
      to[0] = weights.low_low;
      to[1] = weights.low_high;
      to[2] = weights.high_low;
      to[3] = weights.high_high;
    }
    *reinterpret_cast<Wide<uint32_t>*>(shares.pixels.current + first) = pixels;
    *reinterpret_cast<Wide<uint32_t>*>(shares.numbers.current + first) =
        Wide<uint32_t>{{first, first + 1, first + 2, first + 3}};
  }
};

template <class T>
struct FindAlignRuns {
  AlignShares<T> shares;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const uint32_t* pixels = shares.pixels.current;
    const uint32_t pixel = pixels[i];
    if (pixel == static_cast<uint32_t>(shares.pixel_count)) return;
    if (i == 0 || pixels[i - 1] != pixel) shares.begins[pixel] = static_cast<uint32_t>(i);
    if (i + 1 == shares.count || pixels[i + 1] != pixel) {
      shares.ends[pixel] = static_cast<uint32_t>(i + 1);
    }
  }
};

// A block adds up some neighbouring pixels and channels, and turns them in shared memory.
template <class S, class T>
struct AddAlignRuns {
  static constexpr int kPixels = 32;
  static constexpr int kCount = Wide<S>::kCount;
  static constexpr int kAtOnce = 4;  // shares that are read before the first is added
  struct Shared {
    S sums[kWarpSize * kCount][kPixels + 1];
  };

  AlignShares<T> shares;
  const S* pooled;                 // bins in order, channels as neighbours
  int64_t pitch, channels, plane;  // channels and size of a plane
  int64_t planes;                  // of an image
  ChannelTeams<S> teams;
  Divisor per_bin;  // shares
  T count;          // samples
  bool is_power;    // of two: the division is a multiplication, with the same rounding
  S* gradient;

  OPSBRIDGE_MEMBER int64_t tiles() const { return (plane + kPixels - 1) / kPixels; }

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t i) const {
    const Division tile = divided(i, tiles());
    const Division slice = divided(tile.quotient, teams.slices(channels));
    const int64_t first_channel = slice.remainder * teams.slice();
    const int64_t first_pixel = tile.remainder * kPixels, number = slice.quotient;
    const int count_of_pixels = static_cast<int>(smaller(plane - first_pixel, int64_t(kPixels)));
    const int count_of_channels =
        static_cast<int>(smaller(channels - first_channel, teams.slice()));
    threads.each([&](int thread) {
      const int team = static_cast<int>(teams.threads);
      const int channel = thread % team * kCount;
      if (channel >= count_of_channels) return;
      const S* const from = pooled + first_channel + channel;
      for (int p = thread / team; p < count_of_pixels; p += kThreadsPerBlock / team) {
        T sums[kCount];
        for (int c = 0; c < kCount; ++c) sums[c] = T(0);
        const int64_t pixel = number * plane + first_pixel + p;
        if (is_power) {
          const T inverse = T(1) / count;
          add_run(pixel, from, sums, [inverse](T product) { return product * inverse; });
        } else {
          const T divisor = count;
          add_run(pixel, from, sums, [divisor](T product) { return product / divisor; });
        }
        for (int c = 0; c < kCount; ++c) shared.sums[channel + c][p] = static_cast<S>(sums[c]);
      }
    });
    threads.each([&](int thread) {
      const int p = thread % kPixels;
      if (p >= count_of_pixels) return;
      const Division at = divided(number, planes);
      const int64_t first = (at.quotient * channels + first_channel) * planes + at.remainder;
      S* const to = gradient + first * plane + first_pixel + p;
      for (int c = thread / kPixels; c < count_of_channels; c += kThreadsPerBlock / kPixels) {
        to[c * planes * plane] = shared.sums[c][p];
      }
    });
  }

  template <class Mean>
  OPSBRIDGE_MEMBER void add_run(int64_t pixel, const S* from, T* sums, const Mean& mean) const {
    const uint32_t end = shares.ends[pixel];
    uint32_t i = shares.begins[pixel];
    for (; i + kAtOnce <= end; i += kAtOnce) add_shares<kAtOnce>(i, from, sums, mean);
    for (; i < end; ++i) add_shares<1>(i, from, sums, mean);
  }

  template <int kShares, class Mean>
  OPSBRIDGE_MEMBER void add_shares(uint32_t first, const S* from, T* sums, const Mean& mean) const {
    Wide<S> given[kShares];
    T weights[kShares];
    for (int k = 0; k < kShares; ++k) {
      const uint32_t number = shares.numbers.current[first + uint32_t(k)];
      weights[k] = shares.weights[number];
      given[k] = *reinterpret_cast<const Wide<S>*>(from + divided(number, per_bin) * pitch);
    }
    for (int k = 0; k < kShares; ++k) {
      for (int c = 0; c < kCount; ++c) {
        sums[c] = sums[c] + mean(static_cast<T>(given[k].of[c]) * weights[k]);
      }
    }
  }
};

// Whether the list is short enough: its memory grows with the samples, not with the channels.
template <class S, class T>
bool are_runs_worthwhile(const RoiAlignCall& call, const TensorView& gradient) {
  if (call.rule.reduction != Reduction::average || call.sampling_ratio <= 0) return false;
  constexpr double kMost = 2147483648.0, kAlways = 67108864.0;
  const int64_t *pooled = call.pooled.shape, *shape = gradient.shape;
  const double bins = double(pooled[0]) * double(pooled[2]) * double(pooled[3]);
  const double count = bins * double(call.sampling_ratio) * double(call.sampling_ratio) * 4;
  const int64_t planes = planes_of_image(call.rule.channel_map, pooled[2] * pooled[3]);
  const double pixels = double(shape[0]) * double(planes) * double(shape[2]) * double(shape[3]);
  const double bytes = count * double(4 * sizeof(uint32_t) + sizeof(T));
  return count > 0 && pixels > 0 && shape[1] > 0 && count < kMost && pixels < kMost &&
         bytes <= kAlways + 8 * bins * double(pooled[1]) * double(sizeof(S));
}

template <class S, class T>
void add_in_runs(const Executor& on, Workspace& workspace, Report* report, const Plan<S, T>& plan,
                 const RoiAlignCall& call, const TensorView& gradient) {
  const int64_t ratio = call.sampling_ratio, samples = ratio * ratio;
  const int64_t* shape = gradient.shape;
  AlignShares<T> shares;
  shares.count = plan.inputs.rows * plan.bins() * samples * 4;
  const int64_t planes = planes_of_image(call.rule.channel_map, plan.bins());
  const int64_t channels = call.pooled.shape[1];
  shares.pixel_count = shape[0] * planes * shape[2] * shape[3];
  shares.pixels = take_buffers<uint32_t>(workspace, shares.count);
  shares.numbers = take_buffers<uint32_t>(workspace, shares.count);
  shares.weights = workspace.take<T>(shares.count);
  shares.begins = workspace.take<uint32_t>(2 * shares.pixel_count);
  shares.ends = shares.begins + shares.pixel_count;
  S* const copy = take_channels_last<S>(workspace, call.pooled);
  if (!workspace.is_counting()) {
    fill_plan(on, plan, report);
    on.each(shares.count / 4, ListAlignShares<S, T>{plan, shares, ratio});
  }
  int bits = 1;
  while (shares.pixel_count >> bits != 0) ++bits;
  sort_pairs(on, workspace, shares.pixels, shares.numbers, shares.count, bits);
  if (workspace.is_counting()) return;
  on.fill_bytes(shares.begins, 0, 2 * shares.pixel_count * int64_t(sizeof(uint32_t)));
  on.each(shares.count, FindAlignRuns<T>{shares});
  copied_channels_last(on, call.pooled, copy);
  const auto teams = ChannelTeams<S>::fitting(channels);
  const AddAlignRuns<S, T> body{shares,
                                copy,
                                padded_channels<S>(channels),
                                channels,
                                shape[2] * shape[3],
                                planes,
                                teams,
                                divisor_of(samples * 4),
                                static_cast<T>(samples),
                                samples <= 64 && (samples & (samples - 1)) == 0,
                                static_cast<S*>(gradient.data)};
  on.each_block(shape[0] * planes * teams.slices(channels) * body.tiles(), body);
}

}  // namespace opsbridge
