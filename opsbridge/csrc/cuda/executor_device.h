// The executor of a GPU. Included by cuda/executor.h only.
#pragma once

#include <cuda_runtime.h>

namespace opsbridge {

inline void check_cuda(cudaError_t status) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string("opsbridge: CUDA: ") + cudaGetErrorString(status));
  }
}

// 32 threads that look at one item together.
struct Team {
  __device__ int lane() const { return threadIdx.x % kWarpSize; }
  __device__ int size() const { return kWarpSize; }
  __device__ unsigned ballot(bool holds) const { return __ballot_sync(0xffffffffu, holds); }
  __device__ void sync() const { __syncwarp(); }
  // The value that a thread of the team has.
  template <class T>
  __device__ T of_lane(T value, int lane) const {
    return __shfl_sync(0xffffffffu, value, lane);
  }
  // The sum of the values of this thread and those before it.
  __device__ unsigned sum_up_to(unsigned value) const {
    for (int step = 1; step < kWarpSize; step *= 2) {
      const unsigned before = __shfl_up_sync(0xffffffffu, value, step);
      if (lane() >= step) value += before;
    }
    return value;
  }
  // How many threads before this one have the same value.
  __device__ int equals_before(unsigned value) const {
    return __popc(__match_any_sync(0xffffffffu, value) & ((1u << lane()) - 1));
  }
};

// A block of threads: each phase ends with a barrier, and threads keep values of their own.
struct Block {
  template <class Phase>
  __device__ void each(const Phase& phase) const {
    phase(static_cast<int>(threadIdx.x));
    __syncthreads();
  }
};

// All warps of a block that run a body together, each thread for itself between the waits.
struct Crew {
  static constexpr int kLanes = kWarpSize, kWarps = kMostWarps;
  __device__ int lane() const { return threadIdx.x % kWarpSize; }
  __device__ int lanes() const { return kWarpSize; }
  __device__ int warp() const { return threadIdx.x / kWarpSize; }
  __device__ int warps() const { return blockDim.x / kWarpSize; }
  __device__ void wait_for_all() const { __syncthreads(); }

  // The rest is about the lanes of a warp, which call it together.
  __device__ unsigned ballot(bool holds) const { return __ballot_sync(kAllLanes, holds); }
  template <class T>
  __device__ T of_lane(T value, int lane) const {
    return __shfl_sync(kAllLanes, value, lane);
  }
  __device__ uint32_t sum(uint32_t value) const { return __reduce_add_sync(kAllLanes, value); }
  __device__ uint32_t largest(uint32_t value) const { return __reduce_max_sync(kAllLanes, value); }
  __device__ uint64_t largest(uint64_t value) const {
    const uint32_t high = static_cast<uint32_t>(value >> 32), low = static_cast<uint32_t>(value);
    const uint32_t most = largest(high);
    return uint64_t(most) << 32 | largest(high == most ? low : 0);
  }
  // Reserves so many places for the warp: the first lane's count says how many.
  __device__ uint32_t reserve(uint32_t* end, uint32_t count) const {
    uint32_t begin = 0;
    if (lane() == 0) begin = atomicAdd(end, count);
    return of_lane(begin, 0);
  }

 private:
  static constexpr unsigned kAllLanes = 0xffffffffu;
};

template <class T>
struct PerThread {
  T value;
  __device__ T& operator[](int) { return value; }
};

template <class Body>
__global__ void __launch_bounds__(kThreadsPerBlock) run_each(int64_t count, Body body) {
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) body(i);
}

// An item is drawn once all before it are, so a warp that waits for an earlier one waits for a
// warp that runs. A few are drawn together, since all warps change one word.
template <class Body>
__global__ void __launch_bounds__(kThreadsPerBlock)
    run_each_in_order(unsigned long long* drawn, int64_t count, Body body) {
  const Team team;
  for (;;) {
    unsigned long long item = 0;
    if (team.lane() == 0) item = atomicAdd(drawn, kDrawnTogether);
    item = __shfl_sync(0xffffffffu, item, 0);
    for (unsigned i = 0; i < kDrawnTogether; ++i) {
      if (static_cast<int64_t>(item + i) >= count) return;
      body(team, static_cast<int64_t>(item + i));
      __syncwarp();
    }
  }
}

template <class Body>
__global__ void __launch_bounds__(kTeamsPerBlock* kWarpSize)
    run_each_team(int64_t count, Body body) {
  __shared__ typename Body::Shared shared[kTeamsPerBlock];
  const Team team;
  const int own = threadIdx.x / kWarpSize;
  const int64_t step = int64_t(gridDim.x) * kTeamsPerBlock;
  for (int64_t i = int64_t(blockIdx.x) * kTeamsPerBlock + own; i < count; i += step) {
    body(team, shared[own], i);
    __syncwarp();
  }
}

template <class Body>
__global__ void __launch_bounds__(kThreadsPerBlock) run_each_block(int64_t count, Body body) {
  __shared__ typename Body::Shared shared;
  for (int64_t i = blockIdx.x; i < count; i += gridDim.x) body(Block(), shared, i);
}

template <class Body>
__global__ void __launch_bounds__(kMostWarps* kWarpSize) run_each_crew(int64_t count, Body body) {
  __shared__ typename Body::Shared shared;
  const Crew crew;
  for (int64_t i = blockIdx.x; i < count; i += gridDim.x) {
    body(crew, shared, i);
    crew.wait_for_all();
  }
}

class Executor {
 public:
  Executor(int device, void* stream) : stream_(static_cast<cudaStream_t>(stream)) {
    check_cuda(cudaGetDevice(&previous_));
    if (previous_ != device) check_cuda(cudaSetDevice(device));
    device_ = device;
  }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor() {
    if (previous_ != device_) cudaSetDevice(previous_);
  }

  cudaStream_t stream() const { return stream_; }
  int device() const { return device_; }

  void fill_bytes(void* memory, int value, int64_t bytes) const {
    if (bytes > 0) check_cuda(cudaMemsetAsync(memory, value, static_cast<size_t>(bytes), stream_));
  }

  template <class Body>
  void each(int64_t count, const Body& body) const {
    if (count <= 0) return;
    const LaunchShape grid = shape_of_launch(count);
    run_each<<<grid.blocks, grid.threads, 0, stream_>>>(count, body);
    check_cuda(cudaGetLastError());
  }

  // `drawn` is zero.
  template <class Body>
  void each_in_order(int64_t count, unsigned long long* drawn, const Body& body) const {
    if (count <= 0) return;
    int processors = 0;
    check_cuda(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device_));
    const LaunchShape grid = shape_of_warps(count, processors);
    run_each_in_order<<<grid.blocks, grid.threads, 0, stream_>>>(drawn, count, body);
    check_cuda(cudaGetLastError());
  }

  template <class Body>
  void each_team(int64_t count, const Body& body) const {
    if (count <= 0) return;
    const LaunchShape grid = shape_of_teams(count);
    run_each_team<<<grid.blocks, grid.threads, 0, stream_>>>(count, body);
    check_cuda(cudaGetLastError());
  }

  template <class Body>
  void each_block(int64_t count, const Body& body) const {
    if (count <= 0) return;
    const unsigned blocks = static_cast<unsigned>(count < kMostBlocks ? count : kMostBlocks);
    run_each_block<<<blocks, kThreadsPerBlock, 0, stream_>>>(count, body);
    check_cuda(cudaGetLastError());
  }

  // Crews of so many warps. Most of the items may turn out to be none, so there are no more crews
  // than a device can be busy with.
  template <class Body>
  void each_crew(int64_t count, int warps, const Body& body) const {
    if (count <= 0) return;
    int processors = 0;
    check_cuda(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device_));
    const LaunchShape grid = shape_of_crews(count, warps, processors);
    run_each_crew<<<grid.blocks, grid.threads, 0, stream_>>>(count, body);
    check_cuda(cudaGetLastError());
  }

 private:
  cudaStream_t stream_;
  int previous_ = 0, device_ = 0;
};

// Bodies are functions of host and device, but run on the device.
OPSBRIDGE_FN int bits_in(unsigned word) {
#ifdef __CUDA_ARCH__
  return __popc(word);
#else
  return __builtin_popcount(word);
#endif
}
OPSBRIDGE_FN int highest_bit(unsigned word) {
#ifdef __CUDA_ARCH__
  return 31 - __clz(static_cast<int>(word));
#else
  return 31 - __builtin_clz(word);
#endif
}
OPSBRIDGE_FN int lowest_bit(unsigned word) { return bits_in((word & (0u - word)) - 1); }

// Words that many threads change.
#ifdef __CUDA_ARCH__
#define OPSBRIDGE_ON_DEVICE(call) call
#else
#define OPSBRIDGE_ON_DEVICE(call) (void)0
#endif
OPSBRIDGE_FN void lower_word(unsigned long long* word, unsigned long long value) {
  OPSBRIDGE_ON_DEVICE(atomicMin(word, value));
}
OPSBRIDGE_FN void raise_word(unsigned long long* word, unsigned long long value) {
  OPSBRIDGE_ON_DEVICE(atomicMax(word, value));
}
OPSBRIDGE_FN void add_to_word(unsigned long long* word, unsigned long long value) {
  OPSBRIDGE_ON_DEVICE(atomicAdd(word, value));
}
OPSBRIDGE_FN void set_bits(unsigned* word, unsigned bits) {
  OPSBRIDGE_ON_DEVICE(atomicOr(word, bits));
}
// Memory of the host, which sees everything that was written before it sees this.
OPSBRIDGE_FN void tell_host(unsigned long long* word, unsigned long long value) {
  OPSBRIDGE_ON_DEVICE(__threadfence_system());
  *static_cast<volatile unsigned long long*>(word) = value;
}
#undef OPSBRIDGE_ON_DEVICE

}  // namespace opsbridge
