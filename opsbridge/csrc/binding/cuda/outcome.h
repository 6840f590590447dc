// What became of a call of the device library, as calls for the CPU return it.
#pragma once

#include <cstdint>

#include "cuda/report.h"

namespace opsbridge {

// How many rows a result has; or, for a refused row, minus one minus its row * 16 + reason.
inline int64_t answer_of(const Report& report) {
  if (report.refused == kNothingRefused) return static_cast<int64_t>(report.count);
  return -1 - static_cast<int64_t>(report.refused & ~kToldLater);
}

// Waits for a call, and gives its answer; throws BadCall for one inside a CUDA graph.
int64_t wait_for_answer(int64_t ticket);

}  // namespace opsbridge
