// The order in which boxes are looked at: every framework sorts scores in its own way.
#pragma once

#include <cstdint>
#include <vector>

#include "opsbridge/rules/nms.h"

namespace opsbridge {

// Sorts `candidates` (indices into `scores`, ascending) from best to worst.
template <class T>
void sort_candidates(std::vector<int64_t>& candidates, const T* scores, Order order);

}  // namespace opsbridge
