// Maxima of regions where channels are neighbours: a team of threads takes a bin, each thread some
// channels that it reads at once. The result has bins as neighbours, so it is turned in shared
// memory and leaves in order.
#pragma once

#include "cuda/channels_last.h"
#include "ops/roi_pool_fill_device.h"

namespace opsbridge {

template <class S, class T>
struct FillPoolChannels {
  static constexpr int kCount = Wide<S>::kCount;
  static constexpr int kMostBins = 25;  // staged at once; odd, so that channels are in other banks
  static constexpr int kAtOnce = 4;     // pixels that are read before the first is compared
  static constexpr int kStaged = kWarpSize * kCount * kMostBins;
  struct Shared {
    S values[kStaged];
    int32_t places[kStaged];
  };
  struct Part {
    int64_t row, first_channel, first_bin;
    int channels, bins;
  };

  PoolPlan<S, T> plan;
  PooledBins<S> out;
  PixelRows<S> features;
  ChannelTeams<S> teams;

  OPSBRIDGE_MEMBER int64_t bins() const {
    return plan.config.pooled_height * plan.config.pooled_width;
  }

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t i) const {
    const Division at = divided(i, teams.slices(out.channels));
    const int64_t first_channel = at.remainder * teams.slice();
    const int channels = static_cast<int>(smaller(out.channels - first_channel, teams.slice()));
    for (int64_t first = 0; first < bins(); first += kMostBins) {
      const Part part{at.quotient, first_channel, first, channels,
                      static_cast<int>(smaller(bins() - first, int64_t(kMostBins)))};
      threads.each([&](int thread) { stage(shared, part, thread); });
      threads.each([&](int thread) { copy_out(shared, part, thread); });
    }
  }

  OPSBRIDGE_MEMBER void stage(Shared& shared, const Part& part, int thread) const {
    const int team = static_cast<int>(teams.threads);
    const int channel = thread % team * kCount;
    const int count = part.channels - channel;
    if (count <= 0) return;
    const int64_t image = plan.inputs.images[part.row];
    const RegionBins region = bins_of_region(plan, part.row);
    for (int bin = thread / team; bin < part.bins; bin += kThreadsPerBlock / team) {
      T values[kCount];
      int32_t places[kCount];
      if (image < 0) {
        for (int c = 0; c < kCount; ++c) values[c] = static_cast<T>(float_of_bits(0x7fc00000));
        for (int c = 0; c < kCount; ++c) places[c] = -1;
      } else {
        const Division at = divided(part.first_bin + bin, plan.config.pooled_width);
        const S* origin =
            features.first + image * features.strides[0] + part.first_channel + channel;
        find_maxima(origin, smaller(int64_t(count), kWidest<S>),
                    window_of(region, at.quotient, at.remainder), values, places);
      }
      for (int c = 0; c < kCount; ++c) {
        if (c >= count) break;
        shared.values[(channel + c) * kMostBins + bin] = static_cast<S>(values[c]);
        shared.places[(channel + c) * kMostBins + bin] = places[c];
      }
    }
  }

  // As the function of that name for planes: pixel after pixel, and the first of equal ones stays.
  OPSBRIDGE_MEMBER void find_maxima(const S* origin, int64_t wide, const Window& window, T* values,
                                    int32_t* places) const {
    const bool is_empty = area(window) == 0;
    for (int c = 0; c < kCount; ++c) values[c] = is_empty ? T(0) : lowest_maximum<T>();
    for (int c = 0; c < kCount; ++c) places[c] = -1;
    if (is_empty) return;
    const int width = static_cast<int>(window.columns.last - window.columns.first);
    for (int64_t y = window.rows.first; y < window.rows.last; ++y) {
      const S* row = origin + y * features.strides[1] + window.columns.first * features.strides[2];
      const int32_t place = static_cast<int32_t>(y * plan.config.width + window.columns.first);
      for (int x = 0; x < width; x += kAtOnce) {
        Wide<S> read[kAtOnce];
        // The last pixel again and again is never larger than itself.
        for (int k = 0; k < kAtOnce; ++k) {
          const int column = smaller(x + k, width - 1);
          read[k] = read_wide(row + column * features.strides[2], wide, features.is_aligned);
        }
        for (int k = 0; k < kAtOnce; ++k) {
          for (int c = 0; c < kCount; ++c) {
            const T value = static_cast<T>(read[k].of[c]);
            const bool is_larger = value > values[c];
            values[c] = is_larger ? value : values[c];
            places[c] = is_larger ? place + x + k : places[c];
          }
        }
      }
    }
  }

  OPSBRIDGE_MEMBER void copy_out(const Shared& shared, const Part& part, int thread) const {
    const int64_t first = (part.row * out.channels + part.first_channel) * bins() + part.first_bin;
    const unsigned count = static_cast<unsigned>(part.bins);
    for (unsigned i = unsigned(thread); i < unsigned(part.channels) * count;
         i += kThreadsPerBlock) {
      const unsigned channel = i / count, bin = i % count, from = channel * kMostBins + bin;
      const int64_t to = first + channel * bins() + bin;
      if (out.pooled != nullptr) out.pooled[to] = shared.values[from];
      if (out.argmax != nullptr) out.argmax[to] = shared.places[from];
    }
  }
};

}  // namespace opsbridge
