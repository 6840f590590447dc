// Any pooling of regions by any rule from planes of any strides: a block takes a region and some
// channels, neighbouring threads take neighbouring bins, so that results are written in order.
#pragma once

#include "ops/roi_align_samples.h"

namespace opsbridge {

template <class S, class T>
struct FillPlanes {
  static constexpr int64_t kChannels = 32;  // of the result
  struct Shared {
    SampleTables<T> tables;
  };

  Plan<S, T> plan;
  S* pooled;
  int64_t channels;  // of the result

  OPSBRIDGE_MEMBER int64_t slices() const { return (channels + kChannels - 1) / kChannels; }

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t i) const {
    const Division at = divided(i, slices());
    const int64_t row = at.quotient, first = at.remainder * kChannels, bins = plan.bins();
    const int64_t count = smaller(channels - first, kChannels) * bins;
    const int64_t* strides = plan.inputs.feature_strides;
    const RegionSamples<T> samples(plan, row, TapSteps{strides[2], strides[3]});
    const RowState state = samples.region.state;
    if (state == RowState::computed) {
      threads.each([&](int thread) { samples.fill(thread, shared.tables); });
    }
    S* to = pooled + (row * channels + first) * bins;
    threads.each([&](int thread) {
      for (int64_t item = thread; item < count; item += kThreadsPerBlock) {
        if (state == RowState::computed) {
          const Division channel = divided(item, bins);
          const Division bin = divided(channel.remainder, plan.config.pooled_width);
          to[item] = static_cast<S>(value_of(samples, shared.tables, first + channel.quotient,
                                             bin.quotient, bin.remainder));
        } else {
          to[item] = state == RowState::zero ? S(0.0f) : S(float_of_bits(0x7fc00000));
        }
      }
    });
  }

  OPSBRIDGE_MEMBER T value_of(const RegionSamples<T>& samples, const SampleTables<T>& tables,
                              int64_t channel, int64_t bin_y, int64_t bin_x) const {
    const RoiAlignConfig<T>& config = plan.config;
    const RoiAlignRule& rule = config.rule;
    const PlannedRegion<T>& region = samples.region;
    const S* origin = plane_of(plan.inputs, region.image,
                               source_channel(channel_grid(config), channel, bin_y, bin_x))
                          .origin;
    const bool is_average = rule.reduction == Reduction::average;
    T folded = is_average ? T(0) : first_maximum<T>(rule, region.y, region.x);
    samples.each(tables, bin_y, bin_x, [&](const Tap<T>& y, const Tap<T>& x) {
      const SampleCorners<T> weights = corner_weights(y, x);
      const CornerOffsets offsets = corner_offsets(y, x);
      const SampleCorners<T> corners{
          static_cast<T>(origin[offsets.low_low]), static_cast<T>(origin[offsets.low_high]),
          static_cast<T>(origin[offsets.high_low]), static_cast<T>(origin[offsets.high_high])};
      folded = is_average ? folded + bilinear(weights, corners)
                          : larger(folded, sample_maximum(weights, corners, rule.reduction));
    });
    const bool unusable = has_unusable(region, samples.rows[bin_y], samples.columns[bin_x]);
    if (!is_average) return unusable ? larger(folded, T(0)) : folded;
    if (unusable && rule.unusable_sample == UnusableSample::zero_times_origin &&
        config.height > 0 && config.width > 0) {
      folded = folded + T(0) * static_cast<T>(*origin);
    }
    return folded / sample_count(region.y, region.x, rule.count);
  }
};

}  // namespace opsbridge
