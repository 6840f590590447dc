#include "cuda/chunk_order.h"
#include "cuda/ordering.h"

#ifdef __CUDACC__
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#else
#include <algorithm>
#include <numeric>
#include <vector>
#endif
#include <utility>

namespace opsbridge {
namespace {

#ifdef __CUDACC__

struct Sum {
  __device__ uint32_t operator()(uint32_t a, uint32_t b) const { return a + b; }
};

template <class Key>
void sort(const Executor& on, Workspace& workspace, Buffers<Key>& keys, Buffers<uint32_t>& values,
          int64_t count, int bits) {
  cub::DoubleBuffer<Key> key_buffer(keys.current, keys.other);
  cub::DoubleBuffer<uint32_t> value_buffer(values.current, values.other);
  size_t bytes = 0;
  const auto call = [&](void* memory) {
    check_cuda(cub::DeviceRadixSort::SortPairs(memory, bytes, key_buffer, value_buffer, count, 0,
                                               bits, on.stream()));
  };
  call(nullptr);
  char* memory = workspace.take<char>(static_cast<int64_t>(bytes) + 1);
  if (workspace.is_counting()) return;
  call(memory);
  keys = Buffers<Key>{key_buffer.Current(), key_buffer.Alternate()};
  values = Buffers<uint32_t>{value_buffer.Current(), value_buffer.Alternate()};
}

#else

template <class Key>
void sort(const Executor&, Workspace& workspace, Buffers<Key>& keys, Buffers<uint32_t>& values,
          int64_t count, int) {
  if (workspace.is_counting()) return;
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return keys.current[a] < keys.current[b]; });
  for (int64_t i = 0; i < count; ++i) {
    keys.other[i] = keys.current[order[size_t(i)]];
    values.other[i] = values.current[order[size_t(i)]];
  }
  std::swap(keys.current, keys.other);
  std::swap(values.current, values.other);
}

#endif

template <class Key>
void sort_few_or_many(const Executor& on, Workspace& workspace, Buffers<Key>& keys,
                      Buffers<uint32_t>& values, int64_t count, int bits) {
  if (count > kMostInChunks) return sort(on, workspace, keys, values, count, bits);
  place_in_order(on, workspace,
                 PairsOfKeys<Key>{keys.current, values.current, keys.other, values.other}, count);
  if (workspace.is_counting()) return;
  std::swap(keys.current, keys.other);
  std::swap(values.current, values.other);
}

}  // namespace

void sort_pairs(const Executor& on, Workspace& workspace, Buffers<uint32_t>& keys,
                Buffers<uint32_t>& values, int64_t count, int bits) {
  sort_few_or_many(on, workspace, keys, values, count, bits);
}
void sort_pairs(const Executor& on, Workspace& workspace, Buffers<uint64_t>& keys,
                Buffers<uint32_t>& values, int64_t count) {
  sort_few_or_many(on, workspace, keys, values, count, 64);
}

void sum_before(const Executor& on, Workspace& workspace, const uint8_t* flags, uint32_t* sums,
                int64_t count) {
#ifdef __CUDACC__
  size_t bytes = 0;
  const auto call = [&](void* memory) {
    // The first value is of the type of the sums, which are made in it.
    check_cuda(cub::DeviceScan::ExclusiveScan(memory, bytes, flags, sums, Sum(), uint32_t(0), count,
                                              on.stream()));
  };
  call(nullptr);
  char* memory = workspace.take<char>(static_cast<int64_t>(bytes) + 1);
  if (workspace.is_counting()) return;
  call(memory);
#else
  (void)on;
  if (workspace.is_counting()) return;
  uint32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    sums[i] = sum;
    sum += flags[i];
  }
#endif
}

}  // namespace opsbridge
