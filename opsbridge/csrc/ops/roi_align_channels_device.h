// Averages of regions where channels are neighbours: a team of threads takes a bin, each thread
// some channels that it reads at once. The result has bins as neighbours, so it is turned in shared
// memory and leaves in order.
#pragma once

#include "cuda/channels_last.h"
#include "ops/roi_align_samples.h"

namespace opsbridge {

template <class S, class T>
struct FillChannels {
  // A bin more than an even number, so that channels lie in different banks.
  static constexpr int kStaged = kWarpSize * Wide<S>::kCount * 49;
  struct Shared {
    SampleTables<T> tables;
    S staged[kStaged];
  };
  // The part of a result that is staged at once.
  struct Part {
    int64_t row, first_channel, first_bin;
    int channels, bins, pitch;
  };

  Plan<S, T> plan;
  PixelRows<S> features;
  ChannelTeams<S> teams;
  S* pooled;

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t i) const {
    const int64_t channels = plan.config.channels;
    const Division at = divided(i, teams.slices(channels));
    const int64_t first_channel = at.remainder * teams.slice();
    const int64_t bins = plan.bins();
    const int most = static_cast<int>((kStaged / teams.slice() - 1) | 1);
    const RegionSamples<T> samples(plan, at.quotient,
                                   TapSteps{features.strides[1], features.strides[2]});
    const bool is_computed = samples.region.state == RowState::computed;
    if (is_computed) threads.each([&](int thread) { samples.fill(thread, shared.tables); });
    for (int64_t first = 0; first < bins; first += most) {
      const int count = static_cast<int>(smaller(bins - first, int64_t(most)));
      const Part part{
          at.quotient, first_channel,
          first,       static_cast<int>(smaller(channels - first_channel, teams.slice())),
          count,       count | 1};
      threads.each([&](int thread) { stage(samples, shared, part, thread, is_computed); });
      threads.each([&](int thread) { copy_out(shared, part, thread); });
    }
  }

  OPSBRIDGE_MEMBER void stage(const RegionSamples<T>& samples, Shared& shared, const Part& part,
                              int thread, bool is_computed) const {
    const int team = static_cast<int>(teams.threads);
    const int channel = thread % team * Wide<S>::kCount;
    const int count = part.channels - channel;
    if (count <= 0) return;
    for (int bin = thread / team; bin < part.bins; bin += kThreadsPerBlock / team) {
      S* to = shared.staged + channel * part.pitch + bin;
      if (is_computed) {
        const int64_t number = part.first_bin + bin;
        const Division at = divided(number, plan.config.pooled_width);
        average(samples, shared.tables, at.quotient, at.remainder, part.first_channel + channel,
                count, to, part.pitch);
        continue;
      }
      const bool is_zero = samples.region.state == RowState::zero;
      for (int c = 0; c < Wide<S>::kCount; ++c) {
        if (c < count) to[c * part.pitch] = is_zero ? S(0.0f) : S(float_of_bits(0x7fc00000));
      }
    }
  }

  OPSBRIDGE_MEMBER void average(const RegionSamples<T>& samples, const SampleTables<T>& tables,
                                int64_t bin_y, int64_t bin_x, int64_t channel, int count, S* to,
                                int pitch) const {
    constexpr int kCount = Wide<S>::kCount;
    const RoiAlignConfig<T>& config = plan.config;
    const PlannedRegion<T>& region = samples.region;
    const S* origin = features.first + region.image * features.strides[0] + channel;
    const int64_t wide = smaller(int64_t(count), kWidest<S>);
    T sums[kCount];
    for (int c = 0; c < kCount; ++c) sums[c] = T(0);
    samples.each(tables, bin_y, bin_x, [&](const Tap<T>& y, const Tap<T>& x) {
      const SampleCorners<T> weights = corner_weights(y, x);
      const CornerOffsets offsets = corner_offsets(y, x);
      const Wide<S> low_low = read_wide(origin + offsets.low_low, wide, features.is_aligned);
      const Wide<S> low_high = read_wide(origin + offsets.low_high, wide, features.is_aligned);
      const Wide<S> high_low = read_wide(origin + offsets.high_low, wide, features.is_aligned);
      const Wide<S> high_high = read_wide(origin + offsets.high_high, wide, features.is_aligned);
      for (int c = 0; c < kCount; ++c) {
        const SampleCorners<T> corners{
            static_cast<T>(low_low.of[c]), static_cast<T>(low_high.of[c]),
            static_cast<T>(high_low.of[c]), static_cast<T>(high_high.of[c])};
        sums[c] = sums[c] + bilinear(weights, corners);
      }
    });
    const bool adds_zero = config.rule.unusable_sample == UnusableSample::zero_times_origin &&
                           config.height > 0 && config.width > 0 &&
                           has_unusable(region, samples.rows[bin_y], samples.columns[bin_x]);
    if (adds_zero) {
      const Wide<S> first = read_wide(origin, wide, features.is_aligned);
      for (int c = 0; c < kCount; ++c) sums[c] = sums[c] + T(0) * static_cast<T>(first.of[c]);
    }
    const T divisor = sample_count(region.y, region.x, config.rule.count);
    for (int c = 0; c < kCount; ++c) {
      if (c < count) to[c * pitch] = static_cast<S>(sums[c] / divisor);
    }
  }

  OPSBRIDGE_MEMBER void copy_out(const Shared& shared, const Part& part, int thread) const {
    const int64_t bins = plan.bins();
    S* to = pooled + (part.row * plan.config.channels + part.first_channel) * bins + part.first_bin;
    const unsigned count = static_cast<unsigned>(part.bins);
    for (unsigned i = unsigned(thread); i < unsigned(part.channels) * count;
         i += kThreadsPerBlock) {
      const unsigned channel = i / count, bin = i % count;
      to[channel * bins + bin] = shared.staged[channel * unsigned(part.pitch) + bin];
    }
  }
};

}  // namespace opsbridge
