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
  bool is_done(bool waits) const {
    const WhileOthersCapture guard;
    const cudaError_t status = waits ? cudaEventSynchronize(event) : cudaEventQuery(event);
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
  check_cuda(
      cudaHostAlloc(&memory, static_cast<size_t>(count) * sizeof(Report), cudaHostAllocPortable));
  return static_cast<Report*>(memory);
}

void copy(const Executor& on, Report* to, const Report* from) {
  check_cuda(cudaMemcpyAsync(to, from, sizeof *to, cudaMemcpyDeviceToHost, on.stream()));
}

bool is_capturing(const Executor& on) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check_cuda(cudaStreamIsCapturing(on.stream(), &status));
  return status != cudaStreamCaptureStatusNone;
}

#else

struct Event {
  void record(const Executor&) {}
  bool is_done(bool) const { return true; }
};

Report* pinned_reports(int64_t count) { return new Report[size_t(count)]; }

void copy(const Executor&, Report* to, const Report* from) { *to = *from; }

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

}  // namespace

int64_t send_report(const Executor& on, const Report* report) {
  if (is_capturing(on)) return kNoTicket;
  const int64_t ticket = places().take(on.device());
  try {
    Place& place = places()[ticket];
    copy(on, place.report, report);
    place.event.record(on);
  } catch (...) {
    places().give_back(ticket);
    throw;
  }
  return ticket;
}

bool take_report(int64_t ticket, bool waits, Report& report) {
  const Place& place = places()[ticket];
  if (!place.event.is_done(waits)) return false;
  report = *place.report;
  places().give_back(ticket);
  return true;
}

}  // namespace opsbridge
