#include "binding/export.h"
#include "binding/region_arguments.h"
#include "ops/roi_align_host.h"

namespace opsbridge {

static RoiAlignCall read_call(Arguments& args) {
  RoiAlignCall call;
  call.regions = read_regions(args);
  call.pooled = args.tensor(4);
  call.spatial_scale = args.number();
  call.sampling_ratio = args.integer();
  call.rule = decode_roi_align_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  call.regions.batch_rule = call.rule.batch_rule;
  require_regions(call.regions);
  require_pooled(call.pooled, call.regions, call.rule.channel_map);
  return call;
}

static int64_t call_roi_align(Arguments& args) {
  const RoiAlignCall call = read_call(args);
  args.finish();
  return roi_align(call);
}

static int64_t call_roi_align_backward(Arguments& args) {
  const RoiAlignCall call = read_call(args);
  const TensorView gradient = args.tensor(4);
  args.finish();
  require_gradient(gradient, call.regions.features);
  return roi_align_backward(call, gradient);
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(roi_align)
OPSBRIDGE_EXPORT_OPERATOR(roi_align_backward)
