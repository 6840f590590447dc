// A small pool of worker threads that survives fork(): a child builds its own.
#pragma once

#include <cstdint>
#include <functional>

namespace opsbridge {

// Calls body(first, last) on disjoint ranges that cover [0, count), from up to `threads` threads,
// the caller's own included. Ranges hold `grain` items, so what a range computes never depends on
// the number of threads. When another call holds the workers, the caller works alone. An
// interrupted call leaves ranges out.
void parallel_for(int64_t count, int64_t grain, int threads,
                  const std::function<void(int64_t, int64_t)>& body);

}  // namespace opsbridge
