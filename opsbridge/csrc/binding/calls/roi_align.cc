#include "binding/checks.h"
#include "binding/export.h"
#include "ops/roi_align_host.h"

namespace opsbridge {

static int64_t call_roi_align(Arguments& args) {
  RoiAlignCall call;
  call.features = args.tensor(4);
  call.rois = args.tensor(2);
  call.batch_indices = args.optional_tensor(1);
  call.pooled = args.tensor(4);
  call.spatial_scale = args.number();
  call.sampling_ratio = args.integer();
  call.rule = decode_roi_align_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  const Dtype dtype = call.features.dtype;
  require(is_floating(dtype) && call.rois.dtype == dtype && call.pooled.dtype == dtype,
          "features, rois and pooled must be floating, all the same");
  require(call.rois.shape[1] == (is_present(call.batch_indices) ? 4 : 5),
          "rois have the wrong number of columns");
  require(!is_present(call.batch_indices) || call.batch_indices.dtype == Dtype::int64,
          "batch_indices must be int64");
  require(call.rule.batch_rule != BatchRule::given || !is_present(call.batch_indices) ||
              call.batch_indices.shape[0] == call.rois.shape[0],
          "batch_indices and rois differ in length");
  require(call.pooled.shape[0] == call.rois.shape[0] &&
              call.pooled.shape[1] == call.features.shape[1] && call.pooled.shape[2] > 0 &&
              call.pooled.shape[3] > 0,
          "pooled has the wrong shape");
  return roi_align(call);
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(roi_align)
