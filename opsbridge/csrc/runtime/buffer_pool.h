// Memory of large results, kept for the next ones: the page faults of fresh memory cost more than
// the kernel that fills it (50 MB: 28 ms).
#pragma once

#include <cstddef>

namespace opsbridge {

struct Buffer {
  void* data;
  size_t capacity;
};

// At least `bytes` bytes that nobody else uses, with whatever they held before. No data where the
// caller's own allocator is the better one: for small results, for those above the limit of what
// is kept, and without memory.
//
// At most OPSBRIDGE_POOL_MIB MiB (512 unless set; 0: nothing is ever pooled) lie idle; beyond that
// the memory that has waited longest goes back to the system. Any thread may take and give back;
// after fork() parent and child each have their own copy of what was idle.
Buffer take_buffer(size_t bytes);
void give_back(Buffer buffer);

}  // namespace opsbridge
