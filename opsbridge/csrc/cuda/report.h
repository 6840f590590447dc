// What a call tells the host once it asks. Kernels write it into memory of the host, so that
// nothing has to be copied behind them, and few words are written: a refused row is rare.
#pragma once

#include <cstdint>

#include "cuda/executor.h"

namespace opsbridge {

constexpr unsigned long long kNothingRefused = ~0ull;
// Refusals with this bit are told after those without.
constexpr unsigned long long kToldLater = 1ull << 62;
constexpr unsigned long long kNotCounted = ~0ull;

struct Report {
  unsigned long long refused;  // row * 16 + reason, or kNothingRefused
  unsigned long long count;    // rows of a result whose size depends on the data
};

// What a call finds; whatever it refuses is told before.
OPSBRIDGE_FN void tell_count(Report* report, int64_t count) {
  tell_host(&report->count, static_cast<unsigned long long>(count));
}

}  // namespace opsbridge
