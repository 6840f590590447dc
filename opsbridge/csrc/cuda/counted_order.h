// The order of few keys, by counting for each how many come before it: every pair is looked at, but
// in one launch, where a sort by digits is a dozen.
#pragma once

#include "cuda/executor.h"

namespace opsbridge {

// Above, all pairs take longer than the launches.
constexpr int64_t kMostCounted = 12288;

// A block ranks 32 keys. Its warps share the keys to compare with.
template <class Key>
struct PlaceByCounting {
  static constexpr int64_t kTile = 1024;
  static constexpr int kSlices = kThreadsPerBlock / kWarpSize;
  struct Shared {
    Key tile[kTile];
    uint32_t before[kThreadsPerBlock];
  };
  const Key* keys;
  const uint32_t* values;
  Key* sorted_keys;
  uint32_t* sorted_values;
  int64_t count;

  OPSBRIDGE_MEMBER static int64_t parts(int64_t count) {
    return (count + kWarpSize - 1) / kWarpSize;
  }

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t part) const {
    const int64_t first = part * kWarpSize;
    block.each([&](int thread) { shared.before[thread] = 0; });
    for (int64_t tile = 0; tile < count; tile += kTile) {
      const int size = static_cast<int>(count - tile < kTile ? count - tile : kTile);
      block.each([&](int thread) {
        for (int i = thread; i < size; i += kThreadsPerBlock) shared.tile[i] = keys[tile + i];
      });
      block.each([&](int thread) {
        const int64_t own = first + thread % kWarpSize;
        if (own >= count) return;
        const int slice = thread / kWarpSize, step = (size + kSlices - 1) / kSlices;
        const int begin = slice * step, end = begin + step < size ? begin + step : size;
        shared.before[thread] += come_before(shared.tile, begin, end, tile - own, keys[own],
                                             tile + size <= first, tile >= first + kWarpSize);
      });
    }
    block.each([&](int thread) {
      const int64_t own = first + thread;
      if (thread >= kWarpSize || own >= count) return;
      int64_t place = 0;
      for (int slice = 0; slice < kSlices; ++slice) {
        place += shared.before[slice * kWarpSize + thread];
      }
      sorted_keys[place] = keys[own];
      sorted_values[place] = values[own];
    });
  }

  // How many keys of a part of a tile come before a key; equal ones do if they are at the left.
  OPSBRIDGE_MEMBER static uint32_t come_before(const Key* tile, int begin, int end,
                                               int64_t distance, Key own, bool all_left,
                                               bool all_right) {
    uint32_t before = 0;
    if (all_left) {
      for (int i = begin; i < end; ++i) before += tile[i] <= own;
    } else if (all_right) {
      for (int i = begin; i < end; ++i) before += tile[i] < own;
    } else {
      for (int i = begin; i < end; ++i) {
        before += tile[i] < own || (tile[i] == own && distance + i < 0);
      }
    }
    return before;
  }
};

}  // namespace opsbridge
