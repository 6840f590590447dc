// What RoIAlign in blocks of channels and its gradient share. Once per level, host only.
#pragma once

#include <type_traits>

#include "ops/pixel_lanes.h"
#include "ops/roi_align_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// The weights of the samples of one row of bins, worked out once for all of its channels.
template <class T>
struct TabledWeights {
  const SampleCorners<LaneOf<T>>* corners;
  int64_t columns;
  OPSBRIDGE_MEMBER const SampleCorners<LaneOf<T>>& operator()(int64_t row, int64_t column,
                                                              const Tap<T>&, const Tap<T>&) const {
    return corners[row * columns + column];
  }
};

template <class T>
OPSBRIDGE_FN SampleCorners<LaneOf<T>> wide_weights(const Tap<T>& y, const Tap<T>& x) {
  const SampleCorners<T> weights = corner_weights(y, x);
  return SampleCorners<LaneOf<T>>{LaneOf<T>(weights.low_low), LaneOf<T>(weights.low_high),
                                  LaneOf<T>(weights.high_low), LaneOf<T>(weights.high_high)};
}

// The same where they are too many for a table.
template <class T>
struct ComputedWeights {
  OPSBRIDGE_MEMBER SampleCorners<LaneOf<T>> operator()(int64_t, int64_t, const Tap<T>& y,
                                                       const Tap<T>& x) const {
    return wide_weights(y, x);
  }
};

template <class T>
OPSBRIDGE_FN bool fits_weights(const Region<T>& region) {
  const int64_t columns = larger(region.xs.bin_ends[region.x.bins], int64_t(1));
  return region.y.samples <= kWeightsAtOnce / columns;
}

template <class T>
OPSBRIDGE_FN TabledWeights<T> weights_of_row(const Region<T>& region, int64_t bin_y, void* memory) {
  auto* corners = static_cast<SampleCorners<LaneOf<T>>*>(memory);
  const TabledWeights<T> weights{corners, region.xs.bin_ends[region.x.bins]};
  for (int64_t i = region.ys.bin_ends[bin_y]; i < region.ys.bin_ends[bin_y + 1]; ++i) {
    const Tap<T> y = region.ys.taps[i];
    for (int64_t j = 0; j < weights.columns; ++j) {
      corners[j] = wide_weights(y, region.xs.taps[j]);
    }
    corners += weights.columns;
  }
  return weights;
}

// The samples of a bin: where its taps begin in each table, and how many there are.
struct BinSamples {
  int64_t first_y, first_x, rows, columns;
};

// Constants (not zero) take the place of what the tables say.
template <int rows, int columns, class T>
OPSBRIDGE_FN BinSamples samples_of_bin(const Region<T>& region, int64_t y, int64_t x) {
  const int64_t *ends_y = region.ys.bin_ends + y, *ends_x = region.xs.bin_ends + x;
  return BinSamples{ends_y[0], columns > 0 ? x * columns : ends_x[0],
                    rows > 0 ? rows : ends_y[1] - ends_y[0],
                    columns > 0 ? columns : ends_x[1] - ends_x[0]};
}

// Dividing by a power of two is exact arithmetic followed by one rounding, and so is multiplying by
// its reciprocal: the same bits, much sooner.
template <class T>
struct Divisor {
  LaneOf<T> count, reciprocal;
  bool is_power_of_two;
};

template <class T>
OPSBRIDGE_FN Divisor<T> divisor_of(const Region<T>& region, const RoiAlignRule& rule) {
  const int64_t samples = region.y.samples * region.x.samples;
  const LaneOf<T> count(sample_count(region.y, region.x, rule.count));
  const bool is_power = samples > 0 && samples <= 4096 && (samples & (samples - 1)) == 0;
  return Divisor<T>{count, is_power ? LaneOf<T>(1) / count : LaneOf<T>(0), is_power};
}

template <class T>
OPSBRIDGE_FN PixelLanes<T> divided(const PixelLanes<T>& sum, const Divisor<T>& divisor) {
  return divisor.is_power_of_two ? sum * divisor.reciprocal : sum / divisor.count;
}

// Calls body(rows, columns) with how many samples every bin has along both axes: the usual grids as
// constants, which leave no inner loop to mispredict, others as zero: read from the tables.
template <class T, class Body>
OPSBRIDGE_FN void with_grid(const Region<T>& region, Body body) {
  const std::integral_constant<int, 0> any{};
  const std::integral_constant<int, 2> two{};
  if (region.ys.even < 0 || region.xs.even < 0) return body(any, any);
  if (region.ys.even == 2 && region.xs.even == 2) return body(two, two);
  switch (region.xs.even) {
    case 1:
      return body(any, std::integral_constant<int, 1>());
    case 2:
      return body(any, two);
    case 3:
      return body(any, std::integral_constant<int, 3>());
    case 4:
      return body(any, std::integral_constant<int, 4>());
    default:
      return body(any, any);
  }
}

template <class T>
OPSBRIDGE_FN TapSteps block_steps(const RoiAlignConfig<T>& config) {
  return TapSteps{config.width * kBlockChannels<T>, kBlockChannels<T>};
}

template <class T>
OPSBRIDGE_FN int channels_of(const RoiAlignBlock& part, const RoiAlignConfig<T>& config) {
  const int64_t left = config.channels - part.first_channel;
  return left < kBlockChannels<T> ? int(left) : kBlockChannels<T>;
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
