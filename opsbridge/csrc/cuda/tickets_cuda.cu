#include <map>
#include <mutex>
#include <vector>

#include "cuda/tickets.h"

namespace opsbridge {
namespace {

#ifdef __CUDACC__

// While it lives, this thread may ask for events and memory although another one makes a graph.
class WhileOthersCapture {
 public:
  WhileOthersCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  WhileOthersCapture(const WhileOthersCapture&) = delete;
  WhileOthersCapture& operator=(const WhileOthersCapture&) = delete;
  ~WhileOthersCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

struct Event {
  cudaEvent_t event = nullptr;

  void record(const Executor& on) {
    if (event == nullptr) check_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    check_cuda(cudaEventRecord(event, on.stream()));
  }
  bool is_done() const {
    const WhileOthersCapture guard;
    const cudaError_t status = cudaEventQuery(event);
    if (status == cudaErrorNotReady) {
      cudaGetLastError();  // it is no error of the next launch
      return false;
    }
    check_cuda(status);
    return true;
  }
};

Report* pinned_reports(int64_t count) {
  const WhileOthersCapture guard;
  void* memory = nullptr;
  // Kernels of every device write there.
  check_cuda(cudaHostAlloc(&memory, static_cast<size_t>(count) * sizeof(Report),
                           cudaHostAllocPortable | cudaHostAllocMapped));
  return static_cast<Report*>(memory);
}

bool is_capturing(const Executor& on) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check_cuda(cudaStreamIsCapturing(on.stream(), &status));
  return status != cudaStreamCaptureStatusNone;
}

#else

struct Event {
  void record(const Executor&) {}
  bool is_done() const { return true; }
};

Report* pinned_reports(int64_t count) { return new Report[size_t(count)]; }

bool is_capturing(const Executor&) { return false; }

#endif

struct Place {
  Report* report;
  Event event;
  int device;  // that the event belongs to
};

class Places {
 public:
  int64_t take(int device) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<int64_t>& free = free_[device];
    if (free.empty()) add(device, free);
    const int64_t ticket = free.back();
    free.pop_back();
    return ticket;
  }

  void give_back(int64_t ticket) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_[places_[size_t(ticket)]->device].push_back(ticket);
  }

  Place& operator[](int64_t ticket) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return *places_.at(static_cast<size_t>(ticket));
  }

 private:
  static constexpr int64_t kAtOnce = 256;  // one page of pinned memory

  void add(int device, std::vector<int64_t>& free) {
    Report* reports = pinned_reports(kAtOnce);
    for (int64_t i = kAtOnce - 1; i >= 0; --i) {
      free.push_back(static_cast<int64_t>(places_.size()));
      places_.push_back(new Place{reports + i, Event(), device});
    }
  }

  std::mutex mutex_;
  std::vector<Place*> places_;
  std::map<int, std::vector<int64_t>> free_;
};

// Never destroyed: at the end of a process the driver may be gone first.
Places& places() {
  static Places& all = *new Places;
  return all;
}

// Where the kernels of graphs write, as often as they run.
Report* nobodys_report() {
  static Report* const report = pinned_reports(1);
  return report;
}

// A count is told by the last kernel of a call, and is here long before the event: what follows on
// the stream comes after that kernel anyway.
void wait_for(const Place& place) {
  constexpr int kLooksBetweenQueries = 2048;
  const volatile unsigned long long& count = place.report->count;
  do {
    for (int i = 0; i < kLooksBetweenQueries; ++i) {
      if (count != kNotCounted) return;
    }
  } while (!place.event.is_done());
}

}  // namespace

OpenReport open_report(const Executor& on) {
  if (is_capturing(on)) return OpenReport{kNoTicket, nobodys_report()};
  const int64_t ticket = places().take(on.device());
  Report* report = places()[ticket].report;
  *report = Report{kNothingRefused, kNotCounted};
  return OpenReport{ticket, report};
}

void close_report(const Executor& on, int64_t ticket) {
  if (ticket != kNoTicket) places()[ticket].event.record(on);
}

bool take_report(int64_t ticket, bool waits, Report& report) {
  const Place& place = places()[ticket];
  if (waits) {
    wait_for(place);
  } else if (!place.event.is_done()) {
    return false;
  }
  report = *place.report;
  if (report.count == kNotCounted) report.count = 0;
  places().give_back(ticket);
  return true;
}

}  // namespace opsbridge
