// How work is cut into launches: plain arithmetic, tested without a GPU.
#pragma once

#include <cstdint>

#include "opsbridge/types.h"

namespace opsbridge {

constexpr int kThreadsPerBlock = 256;
constexpr int kWarpSize = 32;
constexpr int kMostWarps = 32;  // of a block
constexpr unsigned long long kDrawnTogether = 4;
constexpr int kTeamsPerBlock = 4;            // of a warp each, where they share memory
constexpr int64_t kMostBlocks = 2147483647;  // of the first axis of a grid

struct LaunchShape {
  unsigned blocks, threads;
};

// One thread per item; beyond the largest grid, threads go on with items a whole grid away.
OPSBRIDGE_FN LaunchShape shape_of_launch(int64_t count) {
  const int64_t blocks = count / kThreadsPerBlock + (count % kThreadsPerBlock != 0);
  return LaunchShape{static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks),
                     kThreadsPerBlock};
}

// One warp per item.
OPSBRIDGE_FN LaunchShape shape_of_teams(int64_t count) {
  const int64_t blocks = count / kTeamsPerBlock + (count % kTeamsPerBlock != 0);
  return LaunchShape{static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks),
                     kTeamsPerBlock * kWarpSize};
}

// Warps that draw items one after the other: no more than the device runs at once.
OPSBRIDGE_FN LaunchShape shape_of_warps(int64_t count, int64_t processors) {
  const int64_t per_block = kThreadsPerBlock / kWarpSize * int64_t(kDrawnTogether);
  const int64_t wanted = count / per_block + (count % per_block != 0);
  const int64_t running = processors * 8;  // 64 warps on each
  return LaunchShape{static_cast<unsigned>(wanted < running ? wanted : running), kThreadsPerBlock};
}

// One crew of warps per item, but no more than the device runs at once.
OPSBRIDGE_FN LaunchShape shape_of_crews(int64_t count, int warps, int64_t processors) {
  const int64_t running = processors * (2 * kMostWarps / warps);  // 64 warps on each
  return LaunchShape{static_cast<unsigned>(count < running ? count : running),
                     static_cast<unsigned>(warps * kWarpSize)};
}

// The division of 64-bit integers takes a GPU four times as long as that of 32-bit ones.
struct Division {
  int64_t quotient, remainder;
};
OPSBRIDGE_FN Division divided(int64_t value, int64_t by) {
  if (((value | by) >> 32) == 0) {
    const uint32_t low = static_cast<uint32_t>(value), divisor = static_cast<uint32_t>(by);
    return Division{low / divisor, low % divisor};
  }
  return Division{value / by, value % by};
}

// Division of numbers below 2^31 by one that all of them share: a multiplication and a shift. With
// `bits` such that `by` <= 2^bits, `factor` exceeds 2^(31 + bits) / by by at most 1, so the product
// exceeds value / by by less than 1 / by, and no whole number lies between (Granlund and
// Montgomery, 1994).
struct Divisor {
  uint64_t factor;
  int shift;
};
OPSBRIDGE_FN Divisor divisor_of(int64_t by) {
  int bits = 0;
  while ((int64_t(1) << bits) < by) ++bits;
  return Divisor{(uint64_t(1) << (31 + bits)) / static_cast<uint64_t>(by) + 1, 31 + bits};
}
OPSBRIDGE_FN uint32_t divided(uint32_t value, const Divisor& by) {
  return static_cast<uint32_t>((value * by.factor) >> by.shift);
}

}  // namespace opsbridge
