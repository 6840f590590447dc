// The gradient of RoI pooling on a GPU: the sums of the CPU in its order, without atomics. Where
// every bin gives to one pixel, the maximum, a warp adds up a tile of pixels in a few channels: it
// takes the bins that touch the tile, a bin per lane, and lanes that meet at a pixel wait for each
// other in order. Everything else takes a thread for a pixel and a few channels, which looks at all
// bins around it.
#pragma once

#include "ops/roi_pool_plan_device.h"

namespace opsbridge {

// A tensor like the result, read through its strides.
template <class N>
struct BinsOfCall {
  const N* first;
  int64_t strides[4];

  OPSBRIDGE_MEMBER const N* at(int64_t region, int64_t channel, int64_t y, int64_t x) const {
    return first + region * strides[0] + channel * strides[1] + y * strides[2] + x * strides[3];
  }
};

template <class N>
BinsOfCall<N> bins_of_call(const TensorView& view) {
  const int64_t* strides = view.strides;
  return BinsOfCall<N>{static_cast<const N*>(view.data),
                       {strides[0], strides[1], strides[2], strides[3]}};
}

// The bins of one region, along one axis, that touch a tile.
struct PixelSpan {
  int32_t first, count;
};

constexpr int kTileRows = 16, kTileColumns = 32;

// The tiles of one plane.
struct TileGrid {
  int64_t height, width;

  OPSBRIDGE_MEMBER int64_t down() const { return (height + kTileRows - 1) / kTileRows; }
  OPSBRIDGE_MEMBER int64_t across() const { return (width + kTileColumns - 1) / kTileColumns; }
};

// The spans of all regions for every row of tiles, then for every column of tiles.
struct PlanSpan {
  TileGrid tiles;
  const PixelRange* bins;
  int64_t rows, pooled_height, pooled_width;
  PixelSpan* spans;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const Division at = divided(i, rows);
    const int64_t tile = at.quotient, column = tile - tiles.down();
    const PixelRange* own = bins + at.remainder * (pooled_height + pooled_width);
    spans[i] = column < 0 ? span_of(own, pooled_height, tile * kTileRows, kTileRows)
                          : span_of(own + pooled_height, pooled_width, column * kTileColumns,
                                    kTileColumns);
  }

  OPSBRIDGE_MEMBER PixelSpan span_of(const PixelRange* own, int64_t count, int64_t begin,
                                     int64_t size) const {
    PixelSpan span{0, 0};
    for (int64_t bin = 0; bin < count; ++bin) {
      const PixelRange range = own[bin];
      if (range.first >= range.last || range.last <= begin || range.first >= begin + size) continue;
      if (span.count == 0) span.first = static_cast<int32_t>(bin);
      span.count = static_cast<int32_t>(bin + 1) - span.first;
    }
    return span;
  }
};

// The bins of a batch of regions that touch a tile, one region per lane, counted through in order.
struct Touching {
  PixelSpan down, across;
  unsigned count, up_to;  // bins of this lane's region, and with those of the lanes before

  template <class Lanes>
  OPSBRIDGE_MEMBER static Touching open(const Lanes& team, const PixelSpan& down,
                                        const PixelSpan& across) {
    const unsigned count = static_cast<unsigned>(down.count) * static_cast<unsigned>(across.count);
    return Touching{down, across, count, team.sum_up_to(count)};
  }
  template <class Lanes>
  OPSBRIDGE_MEMBER unsigned total(const Lanes& team) const {
    return team.of_lane(up_to, team.size() - 1);
  }

  struct Bin {
    int region;  // of the batch
    int64_t y, x;
  };
  template <class Lanes>
  OPSBRIDGE_MEMBER Bin bin_at(const Lanes& team, unsigned index) const {
    int region = 0;
    for (int step = team.size() / 2; step > 0; step /= 2) {
      if (team.of_lane(up_to, region + step - 1) <= index) region += step;
    }
    const unsigned width = larger(team.of_lane(across.count, region), 1);
    const unsigned before = team.of_lane(up_to, region) - team.of_lane(count, region);
    const unsigned y = (index - before) / width;
    return Bin{region, team.of_lane(down.first, region) + int64_t(y),
               team.of_lane(across.first, region) + int64_t(index - before - y * width)};
  }
};

// Up to this many bins the counts of a batch fit 32 bits.
constexpr int64_t kMostBinsOfRegion = int64_t(1) << 26;

template <class S, class T>
struct ScatterTile {
  static constexpr int kPixels = kTileRows * kTileColumns;
  static constexpr int kTogether = sizeof(T) > 4 ? 2 : 4;  // channels
  static constexpr unsigned kNowhere = kPixels;

  struct Shared {
    T sums[kTogether][kPixels];
  };
  struct Tile {
    int64_t image, first_channel;
    int channels;
    int64_t top, left;
    const PixelSpan* rows;  // of every region
    const PixelSpan* columns;
  };

  PoolPlan<S, T> plan;
  TileGrid tiles;
  const PixelSpan* spans;
  BinsOfCall<S> pooled;
  BinsOfCall<int32_t> argmax;
  Divisor width;
  S* gradient;

  OPSBRIDGE_MEMBER int64_t groups() const {
    return (plan.config.channels + kTogether - 1) / kTogether;
  }

  template <class Lanes>
  OPSBRIDGE_MEMBER void operator()(const Lanes& team, Shared& shared, int64_t i) const {
    const Tile tile = tile_at(i);
    for (int p = team.lane(); p < kPixels; p += team.size()) {
      for (int c = 0; c < kTogether; ++c) shared.sums[c][p] = T(0);
    }
    team.sync();
    for (int64_t begin = 0; begin < plan.inputs.rows; begin += team.size()) {
      const int64_t row = begin + team.lane();
      const bool is_own = row < plan.inputs.rows && plan.inputs.images[row] == tile.image;
      const PixelSpan none{0, 0};
      const Touching touching =
          Touching::open(team, is_own ? tile.rows[row] : none, is_own ? tile.columns[row] : none);
      const unsigned total = touching.total(team);
      for (unsigned first = 0; first < total; first += team.size()) {
        const unsigned index = first + team.lane();
        const Touching::Bin bin = touching.bin_at(team, index);
        add_bins(team, shared, tile, begin + bin.region, bin, index < total);
      }
    }
    close(team, shared, tile);
  }

  OPSBRIDGE_MEMBER Tile tile_at(int64_t i) const {
    const Division x = divided(i, tiles.across());
    const Division y = divided(x.quotient, tiles.down());
    const Division group = divided(y.quotient, groups());
    const int64_t first = group.remainder * kTogether, rows = plan.inputs.rows;
    return Tile{group.quotient,
                first,
                static_cast<int>(smaller(plan.config.channels - first, int64_t(kTogether))),
                y.remainder * kTileRows,
                x.remainder * kTileColumns,
                spans + y.remainder * rows,
                spans + (tiles.down() + x.remainder) * rows};
  }

  // What one bin per lane gives to the tile, in all its channels.
  template <class Lanes>
  OPSBRIDGE_MEMBER void add_bins(const Lanes& team, Shared& shared, const Tile& tile,
                                 int64_t region, const Touching::Bin& bin, bool is_there) const {
    unsigned slots[kTogether];
    T given[kTogether];
    for (int c = 0; c < kTogether; ++c) {
      slots[c] = kNowhere;
      given[c] = T(0);
      if (!is_there || c >= tile.channels) continue;
      slots[c] = slot_of(tile, *argmax.at(region, tile.first_channel + c, bin.y, bin.x));
      given[c] = static_cast<T>(*pooled.at(region, tile.first_channel + c, bin.y, bin.x));
    }
    int turns[kTogether], last = -1;
    for (int c = 0; c < kTogether; ++c) {
      // A pixel of nobody else keeps lanes that give nothing from counting as equal.
      const bool gives = slots[c] != kNowhere;
      const int before = team.equals_before(gives ? slots[c] : kNowhere + team.lane());
      turns[c] = gives ? before : -1;
      last = larger(last, turns[c]);
    }
    for (int turn = 0; team.ballot(last >= turn) != 0; ++turn) {
      for (int c = 0; c < kTogether; ++c) {
        if (turns[c] != turn) continue;
        T& sum = shared.sums[c][slots[c]];
        sum = sum + given[c];
      }
      team.sync();
    }
  }

  OPSBRIDGE_MEMBER unsigned slot_of(const Tile& tile, int32_t place) const {
    if (place < 0) return kNowhere;
    const int64_t y = divided(static_cast<uint32_t>(place), width);
    const int64_t down = y - tile.top, across = place - y * plan.config.width - tile.left;
    const bool is_inside = down >= 0 && down < kTileRows && across >= 0 && across < kTileColumns;
    return is_inside ? static_cast<unsigned>(down * kTileColumns + across) : kNowhere;
  }

  template <class Lanes>
  OPSBRIDGE_MEMBER void close(const Lanes& team, const Shared& shared, const Tile& tile) const {
    const RoiPoolConfig<T>& config = plan.config;
    const int64_t plane = config.height * config.width;
    S* to = gradient + (tile.image * config.channels + tile.first_channel) * plane;
    for (int p = team.lane(); p < kPixels; p += team.size()) {
      const int64_t y = tile.top + p / kTileColumns, x = tile.left + p % kTileColumns;
      if (y >= config.height || x >= config.width) continue;
      for (int c = 0; c < tile.channels; ++c) {
        to[c * plane + y * config.width + x] = static_cast<S>(shared.sums[c][p]);
      }
    }
  }
};

template <class S, class T>
struct GatherPixels {
  static constexpr int kChannelsAtOnce = 4;
  static constexpr int kTile = 16;  // pixels, along both axes
  static_assert(kTile * kTile == kThreadsPerBlock, "a thread per pixel of a tile");

  // Which of a batch of regions touch the tile.
  struct Shared {
    unsigned touching[kThreadsPerBlock / 32];
  };
  struct Sums {
    T of[kChannelsAtOnce];
  };
  // What a thread adds up.
  struct Pixel {
    int64_t image, y, x, first;
    int count;
  };

  PoolPlan<S, T> plan;
  BinsOfCall<S> pooled;
  S* gradient;
  int64_t at_once;  // channels that share their bins

  OPSBRIDGE_MEMBER int64_t down() const { return (plan.config.height + kTile - 1) / kTile; }
  OPSBRIDGE_MEMBER int64_t across() const { return (plan.config.width + kTile - 1) / kTile; }
  OPSBRIDGE_MEMBER int64_t chunks() const { return (plan.config.channels + at_once - 1) / at_once; }

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t i) const {
    const RoiPoolConfig<T>& config = plan.config;
    const Division x = divided(i, across());
    const Division y = divided(x.quotient, down());
    const Division chunk = divided(y.quotient, chunks());
    const int64_t first = chunk.remainder * at_once;
    const Pixel corner{chunk.quotient, y.remainder * kTile, x.remainder * kTile, first,
                       static_cast<int>(smaller(config.channels - first, at_once))};
    const SourceBins own = bins_of_source(channel_grid(config), first);
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
        if (row < plan.inputs.rows && touches(row, own, corner)) {
          set_bits(&shared.touching[thread / 32], 1u << (thread % 32));
        }
      });
      threads.each([&](int thread) {
        const Pixel pixel = pixel_of(corner, thread);
        if (pixel.y >= config.height || pixel.x >= config.width) return;
        for (int word = 0; word < kThreadsPerBlock / 32; ++word) {
          int64_t row = begin + word * 32;
          for (unsigned bits = shared.touching[word]; bits != 0; bits >>= 1, ++row) {
            if (bits & 1) add_region(row, own, pixel, sums[thread].of);
          }
        }
      });
    }
    threads.each([&](int thread) {
      const Pixel pixel = pixel_of(corner, thread);
      if (pixel.y >= config.height || pixel.x >= config.width) return;
      const int64_t plane = config.height * config.width;
      S* to = gradient + (pixel.image * config.channels + first) * plane + pixel.y * config.width +
              pixel.x;
      for (int c = 0; c < kChannelsAtOnce; ++c) {
        if (c < pixel.count) to[c * plane] = static_cast<S>(sums[thread].of[c]);
      }
    });
  }

  OPSBRIDGE_MEMBER Pixel pixel_of(const Pixel& corner, int thread) const {
    return Pixel{corner.image, corner.y + thread / kTile, corner.x + thread % kTile, corner.first,
                 corner.count};
  }

  // Bins are in order and without gaps, so that the first and the last one tell where all lie.
  OPSBRIDGE_MEMBER bool touches(int64_t row, const SourceBins& own, const Pixel& corner) const {
    if (plan.inputs.images[row] != corner.image) return false;
    const RegionBins bins = bins_of_region(plan, row);
    return bins.rows[own.first_y].first < corner.y + kTile &&
           bins.rows[own.last_y - 1].last > corner.y &&
           bins.columns[own.first_x].first < corner.x + kTile &&
           bins.columns[own.last_x - 1].last > corner.x;
  }

  OPSBRIDGE_MEMBER void add_region(int64_t row, const SourceBins& own, const Pixel& pixel,
                                   T* sums) const {
    const RegionBins bins = bins_of_region(plan, row);
    for (int64_t y = own.first_y; y < own.last_y; ++y) {
      const PixelRange rows = bins.rows[y];
      if (pixel.y < rows.first || pixel.y >= rows.last) continue;
      for (int64_t x = own.first_x; x < own.last_x; ++x) {
        const PixelRange columns = bins.columns[x];
        if (pixel.x < columns.first || pixel.x >= columns.last) continue;
        const S* bin = pooled.at(row, own.channel, y, x);
        for (int c = 0; c < kChannelsAtOnce; ++c) {
          if (c >= pixel.count) continue;
          const T given = static_cast<T>(bin[c * pooled.strides[1]]);
          add_bin(Window{rows, columns}, pixel, pixel.first + c, given, sums[c]);
        }
      }
    }
  }

  // The share of an average; of a maximum all, if it is this pixel.
  OPSBRIDGE_MEMBER void add_bin(const Window& window, const Pixel& pixel, int64_t channel, T given,
                                T& sum) const {
    if (plan.config.rule.pooling == Pooling::average) {
      sum = sum + average_share(window, given);
      return;
    }
    T value;
    int64_t place;
    find_maxima<1>(plane_of(plan.inputs, pixel.image, channel), 0, window, plan.config.width,
                   &value, &place);
    if (place == pixel.y * plan.config.width + pixel.x) sum = sum + given;
  }
};

}  // namespace opsbridge
