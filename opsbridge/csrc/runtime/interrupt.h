// Ctrl-C ends a long call: its loops ask now and then whether the user wants it to.
#pragma once

#include <atomic>
#include <chrono>

namespace opsbridge {

// Watches over one call on the thread that makes it. `check` asks the caller's language for signals
// (not 0: it has raised its own exception), and may be null.
class CallWatch {
 public:
  explicit CallWatch(int (*check)());
  ~CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  bool is_interrupted() const { return is_interrupted_.load(std::memory_order_relaxed); }
  // On the thread of the call: asks again, if that was some time ago.
  bool asks();

 private:
  int (*check_)();
  std::chrono::steady_clock::time_point next_{};
  std::atomic<bool> is_interrupted_{false};
};

// The watch of this thread's call, for threads that work for it.
CallWatch* current_watch();

// While it lives, this thread works for the call of another one.
class WorkingFor {
 public:
  explicit WorkingFor(CallWatch* watch);
  ~WorkingFor();
  WorkingFor(const WorkingFor&) = delete;
  WorkingFor& operator=(const WorkingFor&) = delete;
};

// Whether what is left of this thread's work may stay undone, as nobody will see the result. Takes
// some 30 ns, so short loops ask every so many turns only.
bool is_interrupted();

}  // namespace opsbridge
