// Where kernels add up the gradients of whole planes. Host only, no std containers: this is
// compiled once per instruction-set level.
#pragma once

#include <cstdlib>

#include "opsbridge/types.h"

namespace opsbridge {

// Zeroed sums of `count` numbers: the output itself, unless sums are wider. Null without memory.
template <class S, class T>
OPSBRIDGE_FN T* open_sums(S* output, int64_t count) {
  if constexpr (sizeof(S) == sizeof(T)) {
    for (int64_t i = 0; i < count; ++i) output[i] = S(0);
    return output;
  } else {
    return static_cast<T*>(std::calloc(static_cast<size_t>(count) + 1, sizeof(T)));
  }
}

// Rounds wider sums into the output.
template <class S, class T>
OPSBRIDGE_FN void close_sums(T* sums, S* output, int64_t count) {
  if constexpr (sizeof(S) != sizeof(T)) {
    if (sums == nullptr) return;
    for (int64_t i = 0; i < count; ++i) output[i] = static_cast<S>(sums[i]);
    std::free(sums);
  }
}

}  // namespace opsbridge
