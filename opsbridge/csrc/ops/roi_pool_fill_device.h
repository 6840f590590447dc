// RoI pooling on a GPU. Maxima of whole channels take a warp for a row of bins: its lanes lie along
// the columns of the region, so that they read pixels next to each other, and the bins are then
// found from the columns, which are read once for all of them. Everything else takes a thread for a
// bin and a few channels.
#pragma once

#include "ops/roi_pool_plan_device.h"

namespace opsbridge {

// Where pooled values and their places go; either may be null.
template <class S>
struct PooledBins {
  S* pooled;
  int32_t* argmax;
  int64_t channels;

  OPSBRIDGE_MEMBER void refuse(int64_t place) const {
    if (pooled != nullptr) pooled[place] = S(float_of_bits(0x7fc00000));
    if (argmax != nullptr) argmax[place] = -1;
  }
  template <class T>
  OPSBRIDGE_MEMBER void put(int64_t place, T value, int64_t pixel) const {
    if (pooled != nullptr) pooled[place] = static_cast<S>(value);
    if (argmax != nullptr) argmax[place] = static_cast<int32_t>(pixel);
  }
};

// One bin of one region, in up to kChannelsOfThread channels. Threads next to each other take what
// lies next to each other: bins in the result or, where channels are last, channels of the
// features.
template <class S, class T>
struct FillBin {
  static constexpr int kChannelsOfThread = 4;

  PoolPlan<S, T> plan;
  PooledBins<S> out;

  OPSBRIDGE_MEMBER int64_t chunks() const {
    return (out.channels + kChannelsOfThread - 1) / kChannelsOfThread;
  }
  OPSBRIDGE_MEMBER int64_t bins() const {
    return plan.config.pooled_height * plan.config.pooled_width;
  }
  OPSBRIDGE_MEMBER int64_t count() const { return plan.inputs.rows * chunks() * bins(); }

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const bool is_channels_last = plan.inputs.feature_strides[1] == 1;
    const Division inner = divided(i, is_channels_last ? chunks() : bins());
    const Division outer = divided(inner.quotient, is_channels_last ? bins() : chunks());
    const int64_t bin = is_channels_last ? outer.remainder : inner.remainder;
    const int64_t chunk = is_channels_last ? inner.remainder : outer.remainder;
    fill(outer.quotient, bin, chunk);
  }

  OPSBRIDGE_MEMBER void fill(int64_t row, int64_t bin, int64_t chunk) const {
    const RoiPoolConfig<T>& config = plan.config;
    const int64_t image = plan.inputs.images[row];
    const int64_t place = row * out.channels * bins() + bin;
    if (image < 0) {
      for (int64_t c = chunk; c < out.channels; c += chunks()) out.refuse(place + c * bins());
      return;
    }
    const Division at = divided(bin, config.pooled_width);
    const Window window = window_of(bins_of_region(plan, row), at.quotient, at.remainder);
    const ChannelGrid grid = channel_grid(config);
    const int64_t channel = source_channel(grid, chunk, at.quotient, at.remainder);
    const int64_t step = source_channel(grid, chunks(), 0, 0) * plan.inputs.feature_strides[1];
    Plane<S> plane = plane_of(plan.inputs, image, channel);
    if (chunk + (kChannelsOfThread - 1) * chunks() < out.channels) {
      fill_channels<kChannelsOfThread>(plane, step, window, place, chunk);
      return;
    }
    for (int64_t c = chunk; c < out.channels; c += chunks()) {
      fill_channels<1>(plane, step, window, place, c);
      plane.origin += step;
    }
  }

  template <int count>
  OPSBRIDGE_MEMBER void fill_channels(const Plane<S>& plane, int64_t step, const Window& window,
                                      int64_t place, int64_t channel) const {
    T values[count];
    int64_t places[count];
    pool_window<count>(plan.config, plane, step, window, values, places);
    for (int k = 0; k < count; ++k) {
      out.put(place + (channel + k * chunks()) * bins(), values[k], places[k]);
    }
  }
};

// One row of bins of one region, in up to kChannelsOfTeam channels.
template <class S, class T>
struct FillBinRow {
  static constexpr int kChannelsOfTeam = 16;
  static constexpr int kColumns = 256;  // of as many channels as fit, at once

  struct Shared {
    T value[kColumns];
    int32_t place[kColumns];
  };
  struct Best {
    T value;
    int32_t place;
  };
  // The columns of the region, and the rows of these bins.
  struct Columns {
    Plane<S> plane;  // at the first channel, pixel and row
    int64_t plane_step;
    int rows, width;
    int32_t place;  // of that pixel
  };

  PoolPlan<S, T> plan;
  PooledBins<S> out;

  OPSBRIDGE_MEMBER int64_t chunks() const {
    return (out.channels + kChannelsOfTeam - 1) / kChannelsOfTeam;
  }
  OPSBRIDGE_MEMBER int64_t count() const {
    return plan.inputs.rows * chunks() * plan.config.pooled_height;
  }

  template <class Lanes>
  OPSBRIDGE_MEMBER void operator()(const Lanes& team, Shared& shared, int64_t i) const {
    const RoiPoolConfig<T>& config = plan.config;
    const Division at = divided(i, config.pooled_height);
    const Division chunk = divided(at.quotient, chunks());
    const int64_t row = chunk.quotient, first = chunk.remainder * kChannelsOfTeam;
    const int channels = static_cast<int>(smaller(out.channels - first, int64_t(kChannelsOfTeam)));
    const int64_t bins = config.pooled_height * config.pooled_width;
    const int64_t place = (row * out.channels + first) * bins + at.remainder * config.pooled_width;
    const int64_t image = plan.inputs.images[row];
    const RegionBins region = bins_of_region(plan, row);
    const PixelRange rows = region.rows[at.remainder];
    const int64_t left = region.columns[0].first;
    const int64_t width = region.columns[region.width - 1].last - left;
    if (image < 0) {
      each_bin(team, channels, [&](int c, int64_t x) { out.refuse(place + c * bins + x); });
    } else if (rows.first >= rows.last || width <= 0) {
      each_bin(team, channels, [&](int c, int64_t x) { out.put(place + c * bins + x, T(0), -1); });
    } else {
      const Plane<S> plane = plane_of(plan.inputs, image, first);
      const int64_t step = plan.inputs.feature_strides[1];
      if (width > kColumns) {
        each_bin(team, channels, [&](int c, int64_t x) {
          fill_wide(Plane<S>{plane.origin + c * step, plane.row_stride, plane.column_stride},
                    Window{rows, region.columns[x]}, place + c * bins + x);
        });
        return;
      }
      const S* origin = plane.origin + rows.first * plane.row_stride + left;
      const Columns columns{Plane<S>{origin, plane.row_stride, 1}, step,
                            static_cast<int>(rows.last - rows.first), static_cast<int>(width),
                            static_cast<int32_t>(rows.first * config.width + left)};
      const int together = kColumns / columns.width;
      for (int c = 0; c < channels; c += together) {
        const int count = smaller(together, channels - c);
        find_columns(team, columns, c, count, shared);
        team.sync();
        each_bin(team, count, [&](int k, int64_t x) {
          const PixelRange range = region.columns[x];
          const Best best = join_columns(shared, k * columns.width + int(range.first - left),
                                         int(range.last - range.first));
          out.put(place + (c + k) * bins + x, best.value, best.place);
        });
        team.sync();
      }
    }
  }

  // Calls body(channel, column of bins); lanes share them out.
  template <class Lanes, class Body>
  OPSBRIDGE_MEMBER void each_bin(const Lanes& team, int channels, const Body& body) const {
    const int64_t width = plan.config.pooled_width;
    for (int64_t i = team.lane(); i < channels * width; i += team.size()) {
      const Division at = divided(i, width);
      body(static_cast<int>(at.quotient), at.remainder);
    }
  }

  OPSBRIDGE_MEMBER void fill_wide(const Plane<S>& plane, const Window& window,
                                  int64_t place) const {
    T value;
    int64_t pixel;
    pool_window<1>(plan.config, plane, 0, window, &value, &pixel);
    out.put(place, value, pixel);
  }

  // The largest pixel of every column, the first of equal ones, in the channels [first, first +
  // count).
  template <class Lanes>
  OPSBRIDGE_MEMBER void find_columns(const Lanes& team, const Columns& columns, int first,
                                     int count, Shared& shared) const {
    const int32_t image_width = static_cast<int32_t>(plan.config.width);
    const int across = team.size() % columns.width, down = team.size() / columns.width;
    int channel = team.lane() / columns.width, x = team.lane() % columns.width;
    for (int i = team.lane(); i < count * columns.width; i += team.size()) {
      const S* from = columns.plane.origin + (first + channel) * columns.plane_step + x;
      Best best{lowest_maximum<T>(), -1};
      int32_t place = columns.place + x;
      for (int y = 0; y < columns.rows; ++y) {
        const T value = static_cast<T>(*from);
        const bool is_larger = value > best.value;
        best.value = is_larger ? value : best.value;
        best.place = is_larger ? place : best.place;
        from += columns.plane.row_stride;
        place += image_width;
      }
      shared.value[i] = best.value;
      shared.place[i] = best.place;
      channel += down;
      x += across;
      if (x >= columns.width) {
        x -= columns.width;
        ++channel;
      }
    }
  }

  // The largest of columns next to each other. Of equal ones the smaller place is taken: the one
  // that comes first row by row, as in find_maxima.
  OPSBRIDGE_MEMBER Best join_columns(const Shared& shared, int first, int count) const {
    if (count <= 0) return Best{T(0), -1};
    Best best{shared.value[first], shared.place[first]};
    for (int i = first + 1; i < first + count; ++i) {
      const T value = shared.value[i];
      const int32_t place = shared.place[i];
      const bool is_taken = value > best.value || (value == best.value && place < best.place);
      best.value = is_taken ? value : best.value;
      best.place = is_taken ? place : best.place;
    }
    return best;
  }
};

// Fills in the result, its places, or both.
template <class S, class T>
void fill_bins(const Executor& on, const PoolPlan<S, T>& plan, const PooledBins<S>& out) {
  const RoiPoolConfig<T>& config = plan.config;
  const bool is_folded =
      config.rule.pooling == Pooling::maximum && config.rule.channel_map == ChannelMap::same &&
      plan.inputs.feature_strides[3] == 1 && config.height * config.width <= kInt32Max;
  if (is_folded) {
    const FillBinRow<S, T> fill{plan, out};
    on.each_team(fill.count(), fill);
  } else {
    const FillBin<S, T> fill{plan, out};
    on.each(fill.count(), fill);
  }
}

}  // namespace opsbridge
