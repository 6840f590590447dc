// The CPU kernels of one instruction-set level, as a table that run time chooses from.
#pragma once

#include <cstdint>

#include "ops/roi_align.h"

namespace opsbridge {

// Candidates in rank order, as structure of arrays; `suppressed` starts zeroed and comes back with
// one byte per candidate that was not kept.
template <class A>
struct NmsSweep {
  int64_t count;
  const A* x1;
  const A* y1;
  const A* x2;
  const A* y2;
  const A* area;
  const int64_t* group;  // null: all boxes compete
  uint8_t* suppressed;
  double threshold;
  double threshold_decay;
  int64_t max_outputs;  // negative: no limit
  NmsRule rule;
};

// Strides count elements. `batch` holds the image of each region, already checked.
template <class T>
struct RoiAlignJob {
  RoiAlignConfig<T> config;
  const T* features;
  int64_t feature_strides[4];
  const T* corners;
  int64_t corner_strides[2];
  const int64_t* batch;
  T* pooled;
};

struct CpuKernels {
  void (*nms_sweep_float)(const NmsSweep<float>&);
  void (*nms_sweep_double)(const NmsSweep<double>&);
  // Fill the rows [first, last) of the output; false when memory ran out.
  bool (*roi_align_float)(const RoiAlignJob<float>&, int64_t first, int64_t last);
  bool (*roi_align_double)(const RoiAlignJob<double>&, int64_t first, int64_t last);
};

inline auto select(const CpuKernels& kernels, float) { return kernels.roi_align_float; }
inline auto select(const CpuKernels& kernels, double) { return kernels.roi_align_double; }
inline auto select_sweep(const CpuKernels& kernels, float) { return kernels.nms_sweep_float; }
inline auto select_sweep(const CpuKernels& kernels, double) { return kernels.nms_sweep_double; }

namespace baseline {
void nms_sweep(const NmsSweep<float>&);
void nms_sweep(const NmsSweep<double>&);
bool roi_align(const RoiAlignJob<float>&, int64_t first, int64_t last);
bool roi_align(const RoiAlignJob<double>&, int64_t first, int64_t last);
}  // namespace baseline

namespace avx2 {
void nms_sweep(const NmsSweep<float>&);
void nms_sweep(const NmsSweep<double>&);
bool roi_align(const RoiAlignJob<float>&, int64_t first, int64_t last);
bool roi_align(const RoiAlignJob<double>&, int64_t first, int64_t last);
}  // namespace avx2

namespace avx512 {
void nms_sweep(const NmsSweep<float>&);
void nms_sweep(const NmsSweep<double>&);
bool roi_align(const RoiAlignJob<float>&, int64_t first, int64_t last);
bool roi_align(const RoiAlignJob<double>&, int64_t first, int64_t last);
}  // namespace avx512

}  // namespace opsbridge
