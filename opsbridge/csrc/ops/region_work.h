// Running a kernel on regions: element types, and threads whose memory may run out.
#pragma once

#include <atomic>
#include <new>
#include <type_traits>

#include "opsbridge/dispatch.h"
#include "opsbridge/rules/regions.h"
#include "runtime/thread_pool.h"

namespace opsbridge {

// Work on planes is shared out in fixed portions, so that geometry is done once for several.
constexpr int64_t kRowsPerRange = 4;
constexpr int64_t kPlanesPerRange = 8;

// Calls body(first, last), which returns whether it had memory, until [0, count) is covered.
template <class Body>
void share_work(int64_t count, int64_t grain, int threads, Body body) {
  std::atomic<bool> has_memory{true};
  parallel_for(count, grain, threads, [&](int64_t first, int64_t last) {
    if (!body(first, last)) has_memory = false;
  });
  if (!has_memory) throw std::bad_alloc();
}

// Calls body with values of the type that tensors hold and of the type that arithmetic is in.
template <class Body>
auto with_region_types(Dtype dtype, RoiAccumulate accumulate, Body body) {
  return with_floating_type(dtype, [&](auto held) {
    // Accumulating in float32 is for the types that are narrower.
    using Wide = std::conditional_t<sizeof(held) == 2, float, decltype(held)>;
    return accumulate == RoiAccumulate::float32 ? body(held, Wide()) : body(held, held);
  });
}

}  // namespace opsbridge
