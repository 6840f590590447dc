// The arguments of encoding and decoding boxes and of their gradients, read and checked in one
// place for every device.
#pragma once

#include "binding/checks.h"
#include "ops/box_coder_gradients_host.h"
#include "ops/box_coder_grid.h"

namespace opsbridge {

inline void read_coder_tensors(Arguments& args, BoxCoderCall& call) {
  call.anchors = args.tensor(2);
  call.others = args.tensor_of_any_rank();
  call.anchor_deviations = args.optional_tensor_of_any_rank();
  for (float& mean : call.means) mean = static_cast<float>(args.number());
  for (float& deviation : call.deviations) deviation = static_cast<float>(args.number());
}

inline void read_decoding(Arguments& args, BoxCoderCall& call) {
  call.height = args.number();
  call.width = args.number();
  call.ratio_clip = args.number();
}

inline void require_partners(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  require(call.others.rank == 2, "targets must be rows");
  require(rule.pairing != Pairing::aligned || call.others.shape[0] == call.anchors.shape[0],
          "anchors and boxes differ in length");
}

inline void require_partners(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  require(call.others.rank == (rule.anchors_along == AnchorsAlong::rows ? 2 : 3),
          "offsets have the wrong rank");
  const int along = rule.anchors_along == AnchorsAlong::second_axis ? 1 : 0;
  require(call.others.shape[along] == call.anchors.shape[0], "anchors and boxes differ in length");
}

template <class Rule>
void require_coder_tensors(const BoxCoderCall& call, const Rule& rule) {
  require(is_floating(call.anchors.dtype) && call.others.dtype == call.anchors.dtype &&
              call.result.dtype == call.anchors.dtype,
          "anchors, boxes and result must be floating, all the same");
  require_rows_of_four(call.anchors);
  require_rows_of_four(call.others);
  require_partners(call, rule);
  const CoderGrid grid = grid_of(call, rule);
  require_size(call.result, grid.outer * grid.inner * 4);
  const TensorView& own = call.anchor_deviations;
  if (!is_present(own)) return;
  require(own.dtype == call.anchors.dtype, "deviations must be of the dtype of the anchors");
  require_rows_of_four(own);
  require(own.rank == 1 || (own.rank == 2 && own.shape[0] == call.anchors.shape[0]),
          "anchors and deviations differ in length");
}

template <class Rule>
struct RuledCoderCall {
  BoxCoderCall call;
  Rule rule;
};

inline RuledCoderCall<BoxEncodeRule> read_box_encode(Arguments& args) {
  RuledCoderCall<BoxEncodeRule> given;
  read_coder_tensors(args, given.call);
  given.call.result = args.tensor_of_any_rank();
  given.rule = decode_box_encode_rule(args.integer());
  args.finish();
  require_coder_tensors(given.call, given.rule);
  return given;
}

inline RuledCoderCall<BoxDecodeRule> read_box_decode(Arguments& args) {
  RuledCoderCall<BoxDecodeRule> given;
  read_coder_tensors(args, given.call);
  read_decoding(args, given.call);
  given.call.result = args.tensor_of_any_rank();
  given.rule = decode_box_decode_rule(args.integer());
  args.finish();
  require_coder_tensors(given.call, given.rule);
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
  const BoxCoderCall& call = given.call;
  require_coder_tensors(call, given.rule);
  require_gradient_of_boxes(given.of_anchors, call.anchors);
  require_gradient_of_boxes(given.of_others, call.others);
}

inline CoderGradientCall<BoxEncodeRule> read_box_encode_gradient(Arguments& args) {
  CoderGradientCall<BoxEncodeRule> given;
  given.call.result = args.tensor_of_any_rank();
  read_coder_tensors(args, given.call);
  given.of_anchors = args.tensor_of_any_rank();
  given.of_others = args.tensor_of_any_rank();
  given.rule = decode_box_encode_rule(args.integer());
  args.finish();
  require_coder_gradients(given);
  return given;
}

inline CoderGradientCall<BoxDecodeRule> read_box_decode_gradient(Arguments& args) {
  CoderGradientCall<BoxDecodeRule> given;
  given.call.result = args.tensor_of_any_rank();
  read_coder_tensors(args, given.call);
  read_decoding(args, given.call);
  given.of_anchors = args.tensor_of_any_rank();
  given.of_others = args.tensor_of_any_rank();
  given.rule = decode_box_decode_rule(args.integer());
  args.finish();
  require_coder_gradients(given);
  return given;
}

}  // namespace opsbridge
