#include "runtime/interrupt.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace opsbridge {
namespace {

constexpr std::chrono::milliseconds kBetweenChecks{50};

struct Here {
  CallWatch* watch = nullptr;
  bool is_own = false;
};

thread_local Here here;

// Python handles signals on the main thread; all others would only wait for its lock.
bool is_main_thread() { return getpid() == static_cast<pid_t>(syscall(SYS_gettid)); }

}  // namespace

CallWatch::CallWatch(int (*check)()) : check_(check) { here = {this, true}; }

CallWatch::~CallWatch() { here = {}; }

bool CallWatch::asks() {
  if (check_ == nullptr) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  const bool is_first = next_ == std::chrono::steady_clock::time_point{};
  next_ = now + kBetweenChecks;
  if (is_first) {
    if (!is_main_thread()) check_ = nullptr;
    return false;
  }
  if (check_() != 0) is_interrupted_.store(true, std::memory_order_relaxed);
  return is_interrupted();
}

CallWatch* current_watch() { return here.watch; }

WorkingFor::WorkingFor(CallWatch* watch) { here = {watch, false}; }

WorkingFor::~WorkingFor() { here = {}; }

bool is_interrupted() {
  if (here.watch == nullptr) return false;
  return here.watch->is_interrupted() || (here.is_own && here.watch->asks());
}

}  // namespace opsbridge
