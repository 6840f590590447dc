// The order of few keys, by counting for each how many come before it: every pair is looked at, but
// in one launch.
#pragma once

#include "cuda/executor.h"

namespace opsbridge {

// Above, all pairs take longer than another launch.
constexpr int64_t kMostCounted = 2048;

// A block ranks 32 keys. Its warps share the keys to compare with, four of which are read at once.
// A source says what key an item has, and takes the item to its place.
template <class Source>
struct PlaceByCounting {
  using Key = typename Source::Key;
  struct alignas(4 * sizeof(Key)) Four {
    Key keys[4];
  };
  static constexpr int kTile = 1024, kWarps = kThreadsPerBlock / kWarpSize;
  static constexpr int kFours = kTile / 4 / kWarps;  // of a warp
  struct Shared {
    Four tile[kTile / 4];
    Key own[kWarpSize];
    uint32_t before[kThreadsPerBlock];
  };
  Source source;
  int64_t count;

  OPSBRIDGE_MEMBER static int64_t parts(int64_t count) {
    return (count + kWarpSize - 1) / kWarpSize;
  }

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t part) const {
    const int64_t first = part * kWarpSize;
    block.each([&](int thread) {
      shared.before[thread] = 0;
      if (thread < kWarpSize && first + thread < count) {
        shared.own[thread] = source.key(first + thread);
      }
    });
    for (int64_t tile = 0; tile < count; tile += kTile) {
      block.each([&](int thread) {
        // What is behind the last key comes after all of them.
        for (int i = thread; i < kTile; i += kThreadsPerBlock) {
          shared.tile[i / 4].keys[i % 4] = tile + i < count ? source.key(tile + i) : Key(~Key(0));
        }
      });
      block.each([&](int thread) {
        const int64_t own = first + thread % kWarpSize;
        if (own >= count) return;
        shared.before[thread] += come_before(shared.tile, thread / kWarpSize * kFours, own - tile,
                                             shared.own[thread % kWarpSize], tile + kTile <= first,
                                             tile >= first + kWarpSize);
      });
    }
    block.each([&](int thread) {
      const int64_t own = first + thread;
      if (thread >= kWarpSize || own >= count) return;
      int64_t place = 0;
      for (int warp = 0; warp < kWarps; ++warp) place += shared.before[warp * kWarpSize + thread];
      source.put(place, own, shared.own[thread]);
    });
  }

  // How many keys of a warp's part of a tile come before a key; equal ones do if they are at its
  // left, where its own place is `own_at` of the tile.
  OPSBRIDGE_MEMBER static uint32_t come_before(const Four* tile, int begin, int64_t own_at, Key own,
                                               bool all_left, bool all_right) {
    uint32_t before = 0;
    if (all_left) {
      for (int i = begin; i < begin + kFours; ++i) {
        const Four four = tile[i];
        for (int j = 0; j < 4; ++j) before += four.keys[j] <= own;
      }
    } else if (all_right) {
      for (int i = begin; i < begin + kFours; ++i) {
        const Four four = tile[i];
        for (int j = 0; j < 4; ++j) before += four.keys[j] < own;
      }
    } else {
      for (int i = 4 * begin; i < 4 * (begin + kFours); ++i) {
        const Key other = tile[i / 4].keys[i % 4];
        before += other < own || (other == own && i < own_at);
      }
    }
    return before;
  }
};

// Keys, and a value with each.
template <class KeyType>
struct PairsOfKeys {
  using Key = KeyType;
  const Key* keys;
  const uint32_t* values;
  Key* sorted_keys;
  uint32_t* sorted_values;

  OPSBRIDGE_MEMBER Key key(int64_t i) const { return keys[i]; }
  OPSBRIDGE_MEMBER void put(int64_t place, int64_t i, Key key) const {
    sorted_keys[place] = key;
    sorted_values[place] = values[i];
  }
};

}  // namespace opsbridge
