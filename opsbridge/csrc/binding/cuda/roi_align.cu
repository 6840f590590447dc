#include "binding/cuda/direct_on_device.h"
#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "binding/roi_align_arguments.h"
#include "ops/roi_align_device.h"

namespace opsbridge {

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

OPSBRIDGE_EXPORT(roi_align)
OPSBRIDGE_EXPORT(roi_align_backward)
OPSBRIDGE_EXPORT_DIRECT(roi_align, opsbridge::kOnDevice)
