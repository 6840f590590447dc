#include "runtime/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/interrupt.h"

namespace opsbridge {
namespace {

constexpr int kMaxWorkers = 255;

// One parallel_for in progress: items are handed out by an atomic counter.
struct Job {
  int64_t count, grain;
  const std::function<void(int64_t, int64_t)>* body;
  CallWatch* watch;
  std::atomic<int64_t> next{0};

  void work() {
    for (;;) {
      const int64_t first = next.fetch_add(grain);
      if (first >= count) return;
      if (first > 0 && is_interrupted()) return;
      (*body)(first, std::min(first + grain, count));
    }
  }
};

class Pool {
 public:
  explicit Pool(pid_t owner) : owner_(owner) {}

  pid_t owner() const { return owner_; }

  void run(Job& job, int workers) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock()) return job.work();
    grow(workers);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      wanted_ = std::min(workers, size_);
      ++generation_;
    }
    wake_.notify_all();
    job.work();
    std::unique_lock<std::mutex> lock(mutex_);
    wanted_ = 0;  // nobody joins any more
    done_.wait(lock, [this] { return busy_ == 0; });
    job_ = nullptr;
  }

 private:
  void grow(int workers) {
    workers = std::min(workers, kMaxWorkers);
    while (size_ < workers) {
      try {
        std::thread([this] { serve(); }).detach();
      } catch (const std::system_error&) {
        return;  // fewer threads than asked for still do the whole job
      }
      ++size_;
    }
  }

  void serve() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return generation_ != seen && wanted_ > 0; });
      seen = generation_;
      --wanted_;
      ++busy_;
      Job* job = job_;
      lock.unlock();
      {
        const WorkingFor call(job->watch);
        job->work();
      }
      lock.lock();
      if (--busy_ == 0) done_.notify_one();
    }
  }

  const pid_t owner_;
  std::mutex turn_;  // held by the call that uses the workers
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Job* job_ = nullptr;
  int size_ = 0;    // threads started; only the holder of turn_ touches it
  int wanted_ = 0;  // workers that may still join the current job
  int busy_ = 0;
  uint64_t generation_ = 0;
};

std::atomic<Pool*> current_pool{nullptr};

// After fork() the workers are gone and the locks may be held by nobody, so the child starts a new
// pool. Pools are never destroyed: detached workers may wait in them when the process ends.
Pool& pool_of_this_process() {
  const pid_t pid = getpid();
  Pool* pool = current_pool.load();
  while (pool == nullptr || pool->owner() != pid) {
    Pool* fresh = new Pool(pid);
    if (current_pool.compare_exchange_strong(pool, fresh)) return *fresh;
    delete fresh;
  }
  return *pool;
}

}  // namespace

void parallel_for(int64_t count, int64_t grain, int threads,
                  const std::function<void(int64_t, int64_t)>& body) {
  Job job;
  job.count = count;
  job.grain = grain;
  job.body = &body;
  job.watch = current_watch();
  const int64_t ranges = (count + grain - 1) / grain;
  const int workers = static_cast<int>(std::min<int64_t>(threads, ranges)) - 1;
  if (workers <= 0) return job.work();
  pool_of_this_process().run(job, workers);
}

}  // namespace opsbridge
