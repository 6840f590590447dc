// The arguments of encoding and decoding boxes and of their gradients, read and checked in one
// place for every device.
#pragma once

#include "binding/checks.h"
#include "ops/box_coder_gradients_host.h"

namespace opsbridge {

inline void read_coder_tensors(Arguments& args, BoxCoderCall& call) {
  call.anchors = args.tensor(2);
  call.others = args.tensor(2);
  for (double& mean : call.means) mean = args.number();
  for (double& deviation : call.deviations) deviation = args.number();
}

inline void read_decoding(Arguments& args, BoxCoderCall& call) {
  call.height = args.number();
  call.width = args.number();
  call.ratio_clip = args.number();
}

inline void require_coder_tensors(const BoxCoderCall& call) {
  require(is_floating(call.anchors.dtype) && call.others.dtype == call.anchors.dtype &&
              call.result.dtype == call.anchors.dtype,
          "anchors, boxes and result must be floating, all the same");
  require_rows_of_four(call.anchors);
  require_rows_of_four(call.others);
  require(call.others.shape[0] == call.anchors.shape[0], "anchors and boxes differ in length");
}

template <class Rule>
struct RuledCoderCall {
  BoxCoderCall call;
  Rule rule;
};

inline RuledCoderCall<BoxEncodeRule> read_box_encode(Arguments& args) {
  RuledCoderCall<BoxEncodeRule> given;
  read_coder_tensors(args, given.call);
  given.call.result = args.tensor(2);
  given.rule = decode_box_encode_rule(args.integer());
  args.finish();
  require_coder_tensors(given.call);
  return given;
}

inline RuledCoderCall<BoxDecodeRule> read_box_decode(Arguments& args) {
  RuledCoderCall<BoxDecodeRule> given;
  read_coder_tensors(args, given.call);
  read_decoding(args, given.call);
  given.call.result = args.tensor(2);
  given.rule = decode_box_decode_rule(args.integer());
  args.finish();
  require_coder_tensors(given.call);
  return given;
}

template <class Rule>
struct CoderGradientCall {
  BoxCoderCall call;  // its result is the gradient of the result
  TensorView of_anchors, of_others;
  Rule rule;
};

template <class Rule>
void require_coder_gradients(const CoderGradientCall<Rule>& given) {
  const TensorView& anchors = given.call.anchors;
  require(is_floating(anchors.dtype), "anchors must be floating");
  for (const TensorView* view :
       {&given.call.others, &given.call.result, &given.of_anchors, &given.of_others}) {
    require(view->dtype == anchors.dtype && view->shape[0] == anchors.shape[0],
            "all tensors must be like the anchors");
    require_rows_of_four(*view);
  }
  require_rows_of_four(anchors);
}

inline CoderGradientCall<BoxEncodeRule> read_box_encode_gradient(Arguments& args) {
  CoderGradientCall<BoxEncodeRule> given;
  given.call.result = args.tensor(2);
  read_coder_tensors(args, given.call);
  given.of_anchors = args.tensor(2);
  given.of_others = args.tensor(2);
  given.rule = decode_box_encode_rule(args.integer());
  args.finish();
  require_coder_gradients(given);
  return given;
}

inline CoderGradientCall<BoxDecodeRule> read_box_decode_gradient(Arguments& args) {
  CoderGradientCall<BoxDecodeRule> given;
  given.call.result = args.tensor(2);
  read_coder_tensors(args, given.call);
  read_decoding(args, given.call);
  given.of_anchors = args.tensor(2);
  given.of_others = args.tensor(2);
  given.rule = decode_box_decode_rule(args.integer());
  args.finish();
  require_coder_gradients(given);
  return given;
}

}  // namespace opsbridge
