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
  const int64_t columns = region.xs.bin_ends[region.x.bins];
  return columns <= kWeightsAtOnce && region.y.samples * columns <= kWeightsAtOnce;
}

// Makes such tables: the weights of all columns lie ready, each four times, and those of a row of
// samples multiply a vector of them at once.
template <class T>
class WeightTables {
 public:
  // Has room for twice kWeightsAtOnce. A power of two that divides weights leaves their bits.
  OPSBRIDGE_MEMBER WeightTables(const Region<T>& region, void* memory, LaneOf<T> scale)
      : region_(region), columns_(static_cast<SampleCorners<LaneOf<T>>*>(memory)) {
    count_ = region.xs.bin_ends[region.x.bins];
    for (int64_t j = 0; j < count_; ++j) {
      const LaneOf<T> low = LaneOf<T>(region.xs.taps[j].low_weight) * scale;
      const LaneOf<T> high = LaneOf<T>(region.xs.taps[j].high_weight) * scale;
      columns_[j] = SampleCorners<LaneOf<T>>{low, high, low, high};
    }
  }

  OPSBRIDGE_MEMBER TabledWeights<T> row(int64_t bin_y) const {
    using N = LaneOf<T>;
    constexpr int n = kLanes<N>, kVectors = n < 4 ? 2 : 1;
    const int64_t padded = (count_ * 4 + n - 1) / n * n;
    const N* from = reinterpret_cast<const N*>(columns_);
    SampleCorners<N>* const table = columns_ + kWeightsAtOnce + kWeightPadding;
    N* to = reinterpret_cast<N*>(table);
    for (int64_t i = region_.ys.bin_ends[bin_y]; i < region_.ys.bin_ends[bin_y + 1]; ++i) {
      const Tap<T>& y = region_.ys.taps[i];
      const Vector<N> low = all_lanes(N(y.low_weight)), high = all_lanes(N(y.high_weight));
      Vector<N> rows[kVectors];
      for (int part = 0; part < kVectors; ++part) {
        Vector<typename LaneIndex<N>::Type> is_low;
        for (int lane = 0; lane < n; ++lane) is_low[lane] = (part * n + lane) % 4 < 2 ? -1 : 0;
        rows[part] = is_low ? low : high;
      }
      for (int64_t j = 0; j < padded; j += n) {
        store_lanes(to + j, rounded_lanes<T>(rows[j / n % kVectors] * load_lanes(from + j)));
      }
      to += count_ * 4;
    }
    return TabledWeights<T>{table, count_};
  }

 private:
  const Region<T>& region_;
  SampleCorners<LaneOf<T>>* columns_;
  int64_t count_;
};

// The samples of a bin: where its taps begin in each table, and how many there are.
struct BinSamples {
  int64_t first_y, first_x, rows, columns;
};

// A constant (not zero) takes the place of what the table says.
template <int columns, class T>
OPSBRIDGE_FN BinSamples samples_of_bin(const Region<T>& region, int64_t y, int64_t x) {
  const int64_t *ends_y = region.ys.bin_ends + y, *ends_x = region.xs.bin_ends + x;
  return BinSamples{ends_y[0], columns > 0 ? x * columns : ends_x[0], ends_y[1] - ends_y[0],
                    columns > 0 ? columns : ends_x[1] - ends_x[0]};
}

// Whether a sample has four pixels; at the last row and column some of them are the same.
template <class T>
OPSBRIDGE_FN bool has_two(const Tap<T>& tap) {
  return tap.low != tap.high;
}

// Whether the registers of the level hold all pixels of two samples by two, 16 at most.
constexpr bool kHoldsFourSamples = kVectorBytes == kPixelBytes;

// How far the second of two samples lies behind the first: 0 or 1 pixels, or so far that they share
// none (2). Else -1: they lie backwards, or at the last pixel.
template <class T>
OPSBRIDGE_FN int distance(const Tap<T>* taps) {
  if (!has_two(taps[0]) || !has_two(taps[1])) return -1;
  if (taps[1].low <= taps[0].high) {
    return taps[1].low == taps[0].low ? 0 : taps[1].low == taps[0].high ? 1 : -1;
  }
  return 2;
}

// The same for the pixels of two samples, of which there are two more than they are apart.
template <int apart, class T>
OPSBRIDGE_FN int64_t pixel_of_two(const Tap<T>* taps, int i) {
  if (i < 2) return i == 0 ? taps[0].low : taps[0].high;
  return apart == 2 && i == 2 ? taps[1].low : taps[1].high;
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

// Calls body(columns) with how many samples every bin has along a row: the usual numbers as
// constants, which leave no inner loop to mispredict, others as zero: read from the tables.
template <class T, class Body>
OPSBRIDGE_FN void with_columns(const Region<T>& region, Body body) {
  switch (region.ys.even < 0 ? -1 : region.xs.even) {
    case 1:
      return body(std::integral_constant<int, 1>());
    case 2:
      return body(std::integral_constant<int, 2>());
    case 3:
      return body(std::integral_constant<int, 3>());
    case 4:
      return body(std::integral_constant<int, 4>());
    default:
      return body(std::integral_constant<int, 0>());
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
