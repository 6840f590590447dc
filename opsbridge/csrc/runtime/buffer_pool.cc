#include "runtime/buffer_pool.h"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace opsbridge {
namespace {

constexpr size_t kMiB = size_t(1) << 20;
constexpr size_t kSmallest = kMiB;
constexpr size_t kDefaultLimit = 512 * kMiB;
constexpr size_t kLargestStep = 8 * kMiB;
constexpr Buffer kNoBuffer{nullptr, 0};

size_t configured_limit() {
  const char* text = std::getenv("OPSBRIDGE_POOL_MIB");
  if (text == nullptr || *text == '\0') return kDefaultLimit;
  size_t mib = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9') return kDefaultLimit;
    mib = mib * 10 + static_cast<size_t>(*text - '0');
    if (mib > SIZE_MAX / kMiB / 16) return kDefaultLimit;
  }
  return mib * kMiB;
}

// Numbers of regions vary from call to call, so a buffer is a little larger than its first result,
// by up to a quarter, but not so much larger that a pair of large results is above the limit: each
// would push the other out. What is never written costs no memory.
size_t roomy(size_t bytes) {
  size_t step = kMiB / 8;
  while (step < kLargestStep && step * 8 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

// No huge pages: they make the first use of a buffer 5 times cheaper and no later one, and now and
// then stall for a tenth of a second and more, when the kernel has to move other pages for them.
Buffer map_buffer(size_t capacity) {
  void* memory =
      mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? kNoBuffer : Buffer{memory, capacity};
}

void unmap(Buffer buffer) { munmap(buffer.data, buffer.capacity); }

class Pool {
 public:
  size_t limit() const { return limit_; }

  // The buffer that waited least (its bytes may still be in a cache) of those that fit and are not
  // mostly wasted.
  Buffer take(size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = idle_.size(); i-- > 0;) {
      const size_t capacity = idle_[i].capacity;
      if (capacity >= bytes && capacity / 2 <= bytes) return removed(i);
    }
    return kNoBuffer;
  }

  void give_back(Buffer buffer) {
    if (!keep(buffer)) unmap(buffer);
    for (Buffer old = take_above_limit(); old.data != nullptr; old = take_above_limit()) unmap(old);
  }

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  // False: there is no memory to note it in.
  bool keep(Buffer buffer) {
    std::lock_guard<std::mutex> lock(mutex_);
    try {
      idle_.push_back(buffer);
    } catch (const std::bad_alloc&) {
      return false;
    }
    idle_bytes_ += buffer.capacity;
    return true;
  }

  Buffer take_above_limit() {
    std::lock_guard<std::mutex> lock(mutex_);
    return idle_bytes_ > limit_ ? removed(0) : kNoBuffer;
  }

  Buffer removed(size_t place) {
    const Buffer buffer = idle_[place];
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(place));
    idle_bytes_ -= buffer.capacity;
    return buffer;
  }

  const size_t limit_ = configured_limit();
  std::mutex mutex_;
  std::vector<Buffer> idle_;  // who came first waited longest
  size_t idle_bytes_ = 0;
};

// Made when the library is loaded, never destroyed: results may outlive every other object.
Pool& pool = *new Pool;

// fork() waits until no thread is inside, so that a child starts with a whole pool, not locked.
[[maybe_unused]] const int forks =
    pthread_atfork([] { pool.lock(); }, [] { pool.unlock(); }, [] { pool.unlock(); });

}  // namespace

Buffer take_buffer(size_t bytes) {
  if (bytes < kSmallest || bytes > pool.limit()) return kNoBuffer;
  const Buffer idle = pool.take(bytes);
  return idle.data != nullptr ? idle : map_buffer(std::min(roomy(bytes), pool.limit()));
}

void give_back(Buffer buffer) { pool.give_back(buffer); }

}  // namespace opsbridge
