// Sorting and scanning, by CUB on a GPU; few keys are sorted by one launch.
#pragma once

#include "cuda/executor.h"
#include "cuda/workspace.h"

namespace opsbridge {

// Two buffers of which `current` holds the values.
template <class T>
struct Buffers {
  T* current;
  T* other;
};

template <class T>
Buffers<T> take_buffers(Workspace& workspace, int64_t count) {
  T* first = workspace.take<T>(count);
  return Buffers<T>{first, workspace.take<T>(count)};
}

// Sorts keys upwards, equal ones stay in order, and values with them.
void sort_pairs(const Executor& on, Workspace& workspace, Buffers<uint32_t>& keys,
                Buffers<uint32_t>& values, int64_t count);
void sort_pairs(const Executor& on, Workspace& workspace, Buffers<uint64_t>& keys,
                Buffers<uint32_t>& values, int64_t count);

// Writes how many flags before each are set; they are 0 or 1.
void sum_before(const Executor& on, Workspace& workspace, const uint8_t* flags, uint32_t* sums,
                int64_t count);

}  // namespace opsbridge
