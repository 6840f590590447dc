// Reports of calls: a place in memory of the host and an event for each call that nobody asked
// about yet.
#pragma once

#include <cstdint>

#include "cuda/executor.h"
#include "cuda/report.h"

namespace opsbridge {

// Of a call that is taken down for a CUDA graph: nobody asks for its report.
constexpr int64_t kNoTicket = -1;

struct OpenReport {
  int64_t ticket;  // to ask with
  Report* report;  // for the kernels of the call, with nothing told
};

OpenReport open_report(const Executor& on);

// Marks the end of what the stream has to do for a call. One that fails on the way there keeps its
// place for good, since its kernels may still write there.
void close_report(const Executor& on, int64_t ticket);

// Reads the report of a call that is done, which ends its ticket. False: the call is not done, and
// is not waited for.
bool take_report(int64_t ticket, bool waits, Report& report);

}  // namespace opsbridge
