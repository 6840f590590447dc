// The calls of the device library: stream, workspace (None: how many bytes it needs) and report
// (two int64 in device memory), then the arguments of the call for the CPU.
#include "binding/export.h"
#include "binding/nms_arguments.h"
#include "binding/roi_align_arguments.h"
#include "ops/nms_device.h"
#include "ops/roi_align_device.h"

namespace opsbridge {
namespace {

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
  require(report.dtype == Dtype::int64 && report.shape[0] == 2, "the report must be two int64");
  const bool is_counting = !is_present(memory);
  Workspace workspace(is_counting ? nullptr : memory.data, is_counting ? 0 : memory.shape[0]);
  const Executor on(device, stream);
  run(on, workspace, static_cast<Report*>(report.data), args);
  return workspace.used();
}

}  // namespace

static int64_t call_nms(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     nms_on_device(on, workspace, report, read_nms(args));
                   });
}

static int64_t call_roi_align(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const RoiAlignCall call = read_roi_align(args);
                     args.finish();
                     roi_align_on_device(on, workspace, report, call);
                   });
}

static int64_t call_roi_align_backward(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const RoiAlignCall call = read_roi_align(args);
                     const TensorView gradient = args.tensor(4);
                     args.finish();
                     require_gradient(gradient, call.regions.features);
                     roi_align_backward_on_device(on, workspace, report, call, gradient);
                   });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(nms)
OPSBRIDGE_EXPORT(roi_align)
OPSBRIDGE_EXPORT(roi_align_backward)
