#include "binding/export.h"
#include "binding/roi_align_arguments.h"

namespace opsbridge {

static int64_t call_roi_align(Arguments& args) {
  const RoiAlignCall call = read_roi_align(args);
  args.finish();
  return roi_align(call);
}

static int64_t call_roi_align_backward(Arguments& args) {
  const RoiAlignCall call = read_roi_align(args);
  const TensorView gradient = args.tensor(4);
  args.finish();
  require_gradient(gradient, call.regions.features);
  return roi_align_backward(call, gradient);
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(roi_align)
OPSBRIDGE_EXPORT_OPERATOR(roi_align_backward)
