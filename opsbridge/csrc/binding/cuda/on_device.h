// The calls of the device library: the arguments of the call for the CPU. They run on the stream,
// and in the memory, of the framework that the tensors are of, and return a ticket (tickets.h).
#pragma once

#include "binding/arguments.h"
#include "binding/cuda/known_sizes.h"
#include "binding/cuda/tvm_memory.h"
#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/tickets.h"
#include "cuda/workspace.h"

namespace opsbridge {

#ifdef __CUDACC__
constexpr int32_t kDeviceType = kCudaDevice;
#else
constexpr int32_t kDeviceType = kCpuDevice;
#endif

// Calls run(executor, workspace, report, arguments): once to count the workspace, unless that is
// known from a call of the same shapes, and once to run.
template <class Run>
int64_t on_device(Arguments& given, Run run) {
  const ObDevice device = given.device();
  const Executor on(device.id, TVMFFIEnvGetStream(device.type, device.id));
  thread_local KnownSizes sizes;
  const int64_t bytes = sizes.of(given, [&] {
    Arguments args = given.for_device(kDeviceType);
    Workspace workspace;
    run(on, workspace, nullptr, args);
    return workspace.used();
  });
  const FrameworkMemory memory(device, bytes);
  Workspace workspace(memory.data(), bytes);
  const OpenReport open = open_report(on);
  Arguments args = given.for_device(kDeviceType);
  run(on, workspace, open.report, args);
  close_report(on, open.ticket);
  return open.ticket;
}

}  // namespace opsbridge
