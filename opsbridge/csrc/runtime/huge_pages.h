// Fewer page faults for memory that is about to be written for the first time.
#pragma once

#include <cstdint>

namespace opsbridge {

// Asks the system for huge pages in the whole ones that [data, data + bytes) covers. The faults of
// a fresh large result cost more than what is computed into it; on small ones nothing is asked.
void prefer_huge_pages(void* data, int64_t bytes);

}  // namespace opsbridge
