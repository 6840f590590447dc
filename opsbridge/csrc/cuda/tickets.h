// What calls report, on its way to the host: a place in pinned memory and an event for each call
// that is not done yet.
#pragma once

#include <cstdint>

#include "cuda/executor.h"
#include "cuda/report.h"

namespace opsbridge {

// Of a call that is taken down for a CUDA graph: nobody asks for its report.
constexpr int64_t kNoTicket = -1;

// Copies a report to the host behind what the stream has to do; returns the ticket to ask with.
int64_t send_report(const Executor& on, const Report* report);

// Reads the report of a call that is done, which ends its ticket. False: the call is not done, and
// is not waited for.
bool take_report(int64_t ticket, bool waits, Report& report);

}  // namespace opsbridge
