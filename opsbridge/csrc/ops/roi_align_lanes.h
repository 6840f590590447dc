// What RoIAlign in blocks of channels and its gradient share. Once per level, host only.
#pragma once

#include "ops/pixel_lanes.h"
#include "ops/roi_align_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// The samples of a bin: rows of taps and columns of taps.
template <class T>
struct BinTaps {
  const Tap<T>* y;
  const Tap<T>* x;
  int64_t rows, columns;
};

template <class T>
OPSBRIDGE_FN BinTaps<T> taps_of_bin(const Region<T>& region, int64_t y, int64_t x) {
  const int64_t *ends_y = region.ys.bin_ends + y, *ends_x = region.xs.bin_ends + x;
  return BinTaps<T>{region.ys.taps + ends_y[0], region.xs.taps + ends_x[0], ends_y[1] - ends_y[0],
                    ends_x[1] - ends_x[0]};
}

// Dividing by a power of two is exact arithmetic followed by one rounding, and so is multiplying by
// its reciprocal: the same bits, much sooner.
template <class T>
struct Divisor {
  T count, reciprocal;
  bool is_power_of_two;
};

template <class T>
OPSBRIDGE_FN Divisor<T> divisor_of(const Region<T>& region, const RoiAlignRule& rule) {
  const int64_t samples = region.y.samples * region.x.samples;
  const T count = sample_count(region.y, region.x, rule.count);
  const bool is_power = samples > 0 && samples <= 4096 && (samples & (samples - 1)) == 0;
  return Divisor<T>{count, is_power ? T(1) / count : T(0), is_power};
}

template <class T>
OPSBRIDGE_FN PixelLanes<T> divided(const PixelLanes<T>& sum, const Divisor<T>& divisor) {
  return divisor.is_power_of_two ? sum * divisor.reciprocal : sum / divisor.count;
}

// Calls body(rows, columns) with how many samples each bin has along both axes; the usual grids as
// constants, which leave no inner loop to mispredict, others as zero: not known here.
template <class T, class Body>
OPSBRIDGE_FN void with_even_grid(const Region<T>& region, Body body) {
  const std::integral_constant<int, 0> any{};
  const std::integral_constant<int, 2> two{};
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
