// The calls of the device library: stream, workspace (None: how many bytes it needs) and report
// (two int64 in device memory), then the arguments of the call for the CPU.
#pragma once

#include "binding/arguments.h"
#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"

namespace opsbridge {

#ifdef __CUDACC__
constexpr int32_t kDeviceType = kCudaDevice;
#else
constexpr int32_t kDeviceType = kCpuDevice;
#endif

// Reads what is common, then calls run(executor, workspace, report, arguments).
template <class Run>
int64_t on_device(Arguments& given, Run run) {
  Arguments args = given.for_device(kDeviceType);
  void* stream = reinterpret_cast<void*>(args.integer());
  const TensorView memory = args.optional_tensor(1);
  const int device = args.device_of_next();
  const TensorView report = args.tensor(1);
  if (report.dtype != Dtype::int64 || report.shape[0] != 2) {
    throw BadCall("the report must be two int64");
  }
  const bool is_counting = !is_present(memory);
  Workspace workspace(is_counting ? nullptr : memory.data, is_counting ? 0 : memory.shape[0]);
  const Executor on(device, stream);
  run(on, workspace, static_cast<Report*>(report.data), args);
  return workspace.used();
}

}  // namespace opsbridge
