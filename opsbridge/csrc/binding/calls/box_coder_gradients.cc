#include "binding/checks.h"
#include "binding/export.h"
#include "ops/box_coder_gradients_host.h"

namespace opsbridge {
namespace {

void read_tensors(Arguments& args, BoxCoderCall& call) {
  call.result = args.tensor(2);
  call.anchors = args.tensor(2);
  call.others = args.tensor(2);
  for (double& mean : call.means) mean = args.number();
  for (double& deviation : call.deviations) deviation = args.number();
}

void check(const BoxCoderCall& call, const TensorView& of_anchors, const TensorView& of_others) {
  require(is_floating(call.anchors.dtype), "anchors must be floating");
  for (const TensorView* view : {&call.others, &call.result, &of_anchors, &of_others}) {
    require(view->dtype == call.anchors.dtype && view->shape[0] == call.anchors.shape[0],
            "all tensors must be like the anchors");
    require_rows_of_four(*view);
  }
  require_rows_of_four(call.anchors);
}

}  // namespace

static int64_t call_box_encode_gradient(Arguments& args) {
  BoxCoderCall call;
  read_tensors(args, call);
  const TensorView of_anchors = args.tensor(2);
  const TensorView of_targets = args.tensor(2);
  const BoxEncodeRule rule = decode_box_encode_rule(args.integer());
  args.finish();
  check(call, of_anchors, of_targets);
  box_encode_gradient(call, of_anchors, of_targets, rule);
  return 0;
}

static int64_t call_box_decode_gradient(Arguments& args) {
  BoxCoderCall call;
  read_tensors(args, call);
  call.height = args.number();
  call.width = args.number();
  call.ratio_clip = args.number();
  const TensorView of_anchors = args.tensor(2);
  const TensorView of_offsets = args.tensor(2);
  const BoxDecodeRule rule = decode_box_decode_rule(args.integer());
  args.finish();
  check(call, of_anchors, of_offsets);
  box_decode_gradient(call, of_anchors, of_offsets, rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(box_encode_gradient)
OPSBRIDGE_EXPORT(box_decode_gradient)
