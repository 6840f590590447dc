#include "binding/checks.h"
#include "binding/export.h"
#include "ops/box_coder_host.h"

namespace opsbridge {
namespace {

void read_tensors(Arguments& args, BoxCoderCall& call) {
  call.anchors = args.tensor(2);
  call.others = args.tensor(2);
  for (double& mean : call.means) mean = args.number();
  for (double& deviation : call.deviations) deviation = args.number();
}

void check(const BoxCoderCall& call) {
  require(is_floating(call.anchors.dtype) && call.others.dtype == call.anchors.dtype &&
              call.result.dtype == call.anchors.dtype,
          "anchors, boxes and result must be floating, all the same");
  require_rows_of_four(call.anchors);
  require_rows_of_four(call.others);
  require(call.others.shape[0] == call.anchors.shape[0], "anchors and boxes differ in length");
}

}  // namespace

static int64_t call_box_encode(Arguments& args) {
  BoxCoderCall call;
  read_tensors(args, call);
  call.result = args.tensor(2);
  const BoxEncodeRule rule = decode_box_encode_rule(args.integer());
  args.finish();
  check(call);
  box_encode(call, rule);
  return 0;
}

static int64_t call_box_decode(Arguments& args) {
  BoxCoderCall call;
  read_tensors(args, call);
  call.height = args.number();
  call.width = args.number();
  call.ratio_clip = args.number();
  call.result = args.tensor(2);
  const BoxDecodeRule rule = decode_box_decode_rule(args.integer());
  args.finish();
  check(call);
  box_decode(call, rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_encode)
OPSBRIDGE_EXPORT_OPERATOR(box_decode)
