// How work is cut into launches: plain arithmetic, tested without a GPU.
#pragma once

#include <cstdint>

#include "opsbridge/types.h"

namespace opsbridge {

constexpr int kThreadsPerBlock = 256;
constexpr int kThreadsOfOneBlock = 1024;  // of a launch that has no other
constexpr int kWarpSize = 32;
constexpr unsigned long long kDrawnTogether = 4;
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

// Warps that draw items one after the other: no more than the device runs at once.
OPSBRIDGE_FN LaunchShape shape_of_warps(int64_t count, int64_t processors) {
  const int64_t per_block = kThreadsPerBlock / kWarpSize * int64_t(kDrawnTogether);
  const int64_t wanted = count / per_block + (count % per_block != 0);
  const int64_t running = processors * 8;  // 64 warps on each
  return LaunchShape{static_cast<unsigned>(wanted < running ? wanted : running), kThreadsPerBlock};
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

}  // namespace opsbridge
