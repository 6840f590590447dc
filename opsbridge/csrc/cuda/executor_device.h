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
};

// A block of threads: each phase ends with a barrier, and threads keep values of their own.
struct Block {
  template <class Phase>
  __device__ void each(const Phase& phase) const {
    phase(static_cast<int>(threadIdx.x));
    __syncthreads();
  }
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
__global__ void __launch_bounds__(kThreadsPerBlock) run_each_block(int64_t count, Body body) {
  __shared__ typename Body::Shared shared;
  for (int64_t i = blockIdx.x; i < count; i += gridDim.x) body(Block(), shared, i);
}

template <class Body>
__global__ void __launch_bounds__(kThreadsOfOneBlock) run_one_block(Body body) {
  __shared__ typename Body::Shared shared;
  body(Block(), shared, 0);
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
  void each_block(int64_t count, const Body& body) const {
    if (count <= 0) return;
    const unsigned blocks = static_cast<unsigned>(count < kMostBlocks ? count : kMostBlocks);
    run_each_block<<<blocks, kThreadsPerBlock, 0, stream_>>>(count, body);
    check_cuda(cudaGetLastError());
  }

  template <class Body>
  void one_block(const Body& body) const {
    run_one_block<<<1, kThreadsOfOneBlock, 0, stream_>>>(body);
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
OPSBRIDGE_FN void set_bits(unsigned* word, unsigned bits) {
  OPSBRIDGE_ON_DEVICE(atomicOr(word, bits));
}
#undef OPSBRIDGE_ON_DEVICE

}  // namespace opsbridge
