#include "binding/export.h"
#include "binding/roi_pool_arguments.h"

namespace opsbridge {

static int64_t call_roi_pool(Arguments& args) {
  const RoiPoolCall call = read_roi_pool(args);
  const TensorView argmax = read_argmax(args, call);
  args.finish();
  return roi_pool(call, argmax);
}

static int64_t call_roi_pool_backward(Arguments& args) {
  const RoiPoolCall call = read_roi_pool(args);
  const RoiPoolGradientTensors given = read_roi_pool_gradient(args, call);
  args.finish();
  return roi_pool_backward(call, given.argmax, given.gradient);
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(roi_pool)
OPSBRIDGE_EXPORT_OPERATOR(roi_pool_backward)
