#include "binding/cuda/direct_on_device.h"
#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "binding/roi_pool_arguments.h"
#include "ops/roi_pool_device.h"

namespace opsbridge {

static int64_t call_roi_pool(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const RoiPoolCall call = read_roi_pool(args);
                     const TensorView argmax = read_argmax(args, call);
                     args.finish();
                     roi_pool_on_device(on, workspace, report, call, argmax);
                   });
}

static int64_t call_roi_pool_backward(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const RoiPoolCall call = read_roi_pool(args);
        const RoiPoolGradientTensors tensors = read_roi_pool_gradient(args, call);
        args.finish();
        roi_pool_backward_on_device(on, workspace, report, call, tensors.argmax, tensors.gradient);
      });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(roi_pool)
OPSBRIDGE_EXPORT(roi_pool_backward)
OPSBRIDGE_EXPORT_DIRECT(roi_pool, opsbridge::kOnDevice)
