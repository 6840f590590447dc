// What a call tells the host once it asks.
#pragma once

#include <cstdint>

#include "opsbridge/types.h"

namespace opsbridge {

constexpr unsigned long long kNothingRefused = ~0ull;
// Refusals with this bit are told after those without.
constexpr unsigned long long kToldLater = 1ull << 62;

struct Report {
  unsigned long long refused;  // row * 16 + reason, or kNothingRefused
  unsigned long long count;    // rows of a result whose size depends on the data
};

OPSBRIDGE_FN void report_nothing(Report* report) { *report = Report{kNothingRefused, 0}; }

struct StartReport {
  Report* report;
  OPSBRIDGE_MEMBER void operator()(int64_t) const { report_nothing(report); }
};

}  // namespace opsbridge
