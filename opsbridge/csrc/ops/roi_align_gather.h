// The gradient of RoIAlign by any rule and any number of samples: a thread per pixel and a few
// channels adds what every region gives to its pixel in the order in which the CPU does, so that
// no atomics are needed and the sums are the same.
#pragma once

#include "ops/roi_align_plan_device.h"

namespace opsbridge {

constexpr int kChannelsAtOnce = 8;
constexpr int kTile = 16;  // pixels, along both axes
static_assert(kTile * kTile == kThreadsPerBlock, "a thread per pixel of a tile");

// Calls body(y, x) with the neighbours of every usable sample of a bin, rows outside.
template <class S, class T, class Body>
OPSBRIDGE_FN void for_each_sample(const Plan<S, T>& plan, const PlannedRegion<T>& region,
                                  int64_t bin_y, const BinSpan& ys, int64_t bin_x,
                                  const BinSpan& xs, const Body& body) {
  for (int64_t i = ys.samples.first; i < ys.samples.last; ++i) {
    const Tap<T> y = tap_at(sample_position(region.y, bin_y, i), plan.config.height);
    for (int64_t j = xs.samples.first; j < xs.samples.last; ++j) {
      body(i, j, y, tap_at(sample_position(region.x, bin_x, j), plan.config.width));
    }
  }
}

// The samples of a bin that can read a pixel: all of a few, else found by halving.
template <class T>
OPSBRIDGE_FN SampleRange samples_at(const RoiAxis<T>& axis, int64_t bin, const BinSpan& span,
                                    int64_t pixel, int64_t size) {
  if (pixel < span.low || pixel > span.high) return SampleRange{0, 0};
  if (span.samples.last - span.samples.first <= 8) return span.samples;
  const bool ascends = axis.bin >= T(0);
  int64_t ends[2];
  for (int end = 0; end < 2; ++end) {
    int64_t low = span.samples.first, high = span.samples.last;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      const int64_t at = tap_at(sample_position(axis, bin, middle), size).low;
      // Samples read a pixel whose lower neighbour is the pixel itself or the one before.
      const bool is_before = ascends ? at < pixel - 1 : at > pixel;
      const bool is_not_after = ascends ? at <= pixel : at >= pixel - 1;
      if (end == 0 ? is_before : is_not_after) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    ends[end] = low;
  }
  return SampleRange{ends[0], ends[1]};
}

template <class S, class T>
struct GatherGradient {
  // Which of a batch of regions touch the tile.
  struct Shared {
    unsigned touching[kThreadsPerBlock / 32];
  };
  struct Sums {
    T of[kChannelsAtOnce];
  };
  // What a thread adds up.
  struct Pixel {
    int64_t image, y, x, first, count;
  };

  Plan<S, T> plan;
  const S* pooled;
  int64_t pooled_strides[4];
  S* gradient;
  int64_t at_once;  // channels that share their bins

  OPSBRIDGE_MEMBER int64_t tiles_down() const { return (plan.config.height + kTile - 1) / kTile; }
  OPSBRIDGE_MEMBER int64_t tiles_across() const { return (plan.config.width + kTile - 1) / kTile; }
  OPSBRIDGE_MEMBER int64_t chunks() const { return (plan.config.channels + at_once - 1) / at_once; }

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t tile) const {
    const RoiAlignConfig<T>& config = plan.config;
    const Division across = divided(tile, tiles_across());
    const Division down = divided(across.quotient, tiles_down());
    const Division chunk = divided(down.quotient, chunks());
    const int64_t top = down.remainder * kTile, left = across.remainder * kTile;
    const int64_t first = chunk.remainder * at_once;
    const Pixel corner{chunk.quotient, top, left, first, smaller(config.channels - first, at_once)};
    PerThread<Sums> sums;
    threads.each([&](int thread) {
      for (int c = 0; c < kChannelsAtOnce; ++c) sums[thread].of[c] = T(0);
    });
    for (int64_t begin = 0; begin < plan.inputs.rows; begin += kThreadsPerBlock) {
      threads.each([&](int thread) {
        if (thread < kThreadsPerBlock / 32) shared.touching[thread] = 0;
      });
      threads.each([&](int thread) {
        const int64_t row = begin + thread;
        if (row < plan.inputs.rows && touches(row, corner)) {
          set_bits(&shared.touching[thread / 32], 1u << (thread % 32));
        }
      });
      threads.each([&](int thread) {
        const Pixel pixel = pixel_of(corner, thread);
        if (pixel.y >= config.height || pixel.x >= config.width) return;
        for (int word = 0; word < kThreadsPerBlock / 32; ++word) {
          int64_t row = begin + word * 32;
          for (unsigned bits = shared.touching[word]; bits != 0; bits >>= 1, ++row) {
            if (bits & 1) add_region(row, pixel, sums[thread].of);
          }
        }
      });
    }
    threads.each([&](int thread) {
      const Pixel pixel = pixel_of(corner, thread);
      if (pixel.y >= config.height || pixel.x >= config.width) return;
      const int64_t plane = config.height * config.width;
      S* out = gradient + (pixel.image * config.channels + first) * plane + pixel.y * config.width +
               pixel.x;
      for (int c = 0; c < kChannelsAtOnce; ++c) {
        if (c < pixel.count) out[c * plane] = static_cast<S>(sums[thread].of[c]);
      }
    });
  }

  OPSBRIDGE_MEMBER Pixel pixel_of(const Pixel& corner, int thread) const {
    return Pixel{corner.image, corner.y + thread / kTile, corner.x + thread % kTile, corner.first,
                 corner.count};
  }

  OPSBRIDGE_MEMBER bool touches(int64_t row, const Pixel& corner) const {
    const PlannedRegion<T>& region = plan.regions[row];
    if (region.state != RowState::computed || region.image != corner.image) return false;
    return meets(plan.rows_of(row), plan.config.pooled_height, corner.y) &&
           meets(plan.columns_of(row), plan.config.pooled_width, corner.x);
  }

  OPSBRIDGE_MEMBER bool meets(const BinSpan* spans, int64_t bins, int64_t begin) const {
    for (int64_t bin = 0; bin < bins; ++bin) {
      if (spans[bin].low < begin + kTile && spans[bin].high >= begin) return true;
    }
    return false;
  }

  OPSBRIDGE_MEMBER void add_region(int64_t row, const Pixel& pixel, T* sums) const {
    const PlannedRegion<T>& region = plan.regions[row];
    const SourceBins own = bins_of_source(channel_grid(plan.config), pixel.first);
    const BinSpan* rows = plan.rows_of(row);
    const BinSpan* columns = plan.columns_of(row);
    const S* from = pooled + row * pooled_strides[0] + own.channel * pooled_strides[1];
    for (int64_t y = own.first_y; y < own.last_y; ++y) {
      if (pixel.y < rows[y].low || pixel.y > rows[y].high) continue;
      for (int64_t x = own.first_x; x < own.last_x; ++x) {
        if (pixel.x < columns[x].low || pixel.x > columns[x].high) continue;
        const S* bin = from + y * pooled_strides[2] + x * pooled_strides[3];
        if (plan.config.rule.reduction == Reduction::average) {
          add_average(region, rows[y], y, columns[x], x, bin, pixel, sums);
        } else {
          for (int c = 0; c < kChannelsAtOnce; ++c) {
            if (c < pixel.count)
              add_maximum(region, rows[y], y, columns[x], x, bin, pixel, c, sums);
          }
        }
      }
    }
  }

  OPSBRIDGE_MEMBER void add_average(const PlannedRegion<T>& region, const BinSpan& ys,
                                    int64_t bin_y, const BinSpan& xs, int64_t bin_x, const S* bin,
                                    const Pixel& pixel, T* sums) const {
    const int64_t height = plan.config.height, width = plan.config.width;
    const SampleRange rows = samples_at(region.y, bin_y, ys, pixel.y, height);
    const SampleRange columns = samples_at(region.x, bin_x, xs, pixel.x, width);
    const T count = sample_count(region.y, region.x, plan.config.rule.count);
    for (int64_t i = rows.first; i < rows.last; ++i) {
      const Tap<T> y = tap_at(sample_position(region.y, bin_y, i), height);
      if (y.low != pixel.y && y.high != pixel.y) continue;
      for (int64_t j = columns.first; j < columns.last; ++j) {
        const Tap<T> x = tap_at(sample_position(region.x, bin_x, j), width);
        if (x.low != pixel.x && x.high != pixel.x) continue;
        add_sample(y, x, bin, pixel, 0, pixel.count, count, sums);
      }
    }
  }

  // The shares of the sample's corners that are this pixel, in the order of the corners.
  OPSBRIDGE_MEMBER void add_sample(const Tap<T>& y, const Tap<T>& x, const S* bin,
                                   const Pixel& pixel, int64_t begin, int64_t end, T count,
                                   T* sums) const {
    const SampleCorners<T> weights = corner_weights(y, x);
    const T listed[4] = {weights.low_low, weights.low_high, weights.high_low, weights.high_high};
    for (int corner = 0; corner < 4; ++corner) {
      if ((corner < 2 ? y.low : y.high) != pixel.y) continue;
      if ((corner % 2 == 0 ? x.low : x.high) != pixel.x) continue;
      for (int c = 0; c < kChannelsAtOnce; ++c) {
        if (c < begin || c >= end) continue;
        const T given = static_cast<T>(bin[c * pooled_strides[1]]);
        sums[c] = sums[c] + (given * listed[corner]) / count;
      }
    }
  }

  // Finds the sample that the forward pass took, as chosen_sample of the CPU does.
  OPSBRIDGE_MEMBER void add_maximum(const PlannedRegion<T>& region, const BinSpan& ys,
                                    int64_t bin_y, const BinSpan& xs, int64_t bin_x, const S* bin,
                                    const Pixel& pixel, int c, T* sums) const {
    const RoiAlignRule& rule = plan.config.rule;
    const Plane<S> features = plane_of(plan.inputs, pixel.image, pixel.first + c);
    const bool has_zero = has_unusable(region, ys, xs);
    int64_t until_zero = has_zero ? samples_before_zero(region, ys, xs) : -1;
    T best = first_maximum<T>(rule, region.y, region.x);
    bool is_chosen = false;
    Tap<T> chosen_y{}, chosen_x{};
    for_each_sample(plan, region, bin_y, ys, bin_x, xs,
                    [&](int64_t, int64_t, const Tap<T>& y, const Tap<T>& x) {
                      if (until_zero-- == 0 && best < T(0)) {
                        best = T(0);
                        is_chosen = false;
                      }
                      const T value =
                          sample_maximum(corner_weights(y, x), corners_of_sample<T>(features, y, x),
                                         rule.reduction);
                      if (!(value > best)) return;
                      best = value;
                      is_chosen = true;
                      chosen_y = y;
                      chosen_x = x;
                    });
    if (!is_chosen || (has_zero && best < T(0))) return;
    if (rule.reduction == Reduction::maximum) {
      return add_sample(chosen_y, chosen_x, bin, pixel, c, c + 1, T(1), sums);
    }
    const SampleCorners<T> weights = corner_weights(chosen_y, chosen_x);
    const T listed[4] = {weights.low_low, weights.low_high, weights.high_low, weights.high_high};
    const int corner = largest_corner(weights, corners_of_sample<T>(features, chosen_y, chosen_x));
    if ((corner < 2 ? chosen_y.low : chosen_y.high) != pixel.y) return;
    if ((corner % 2 == 0 ? chosen_x.low : chosen_x.high) != pixel.x) return;
    sums[c] = sums[c] + static_cast<T>(bin[c * pooled_strides[1]]) * listed[corner];
  }

  OPSBRIDGE_MEMBER int64_t samples_before_zero(const PlannedRegion<T>& region, const BinSpan& ys,
                                               const BinSpan& xs) const {
    if (ys.samples.first > 0 || xs.samples.first > 0) return 0;
    const int64_t rows = ys.samples.last - ys.samples.first;
    const int64_t columns = xs.samples.last - xs.samples.first;
    return xs.samples.last < region.x.samples ? columns : rows * columns;
  }
};

}  // namespace opsbridge
