// The arguments of overlaps and of their gradient, read and checked in one place for every device.
#pragma once

#include "binding/checks.h"
#include "ops/box_broadcast.h"
#include "ops/box_iou_host.h"
#include "ops/rotated_iou_host.h"

namespace opsbridge {

inline void require_boxes_to_pair(const BoxIouCall& call) {
  const TensorView& boxes = call.boxes;
  const TensorView& others = call.other_boxes;
  require_rows_of_four(boxes);
  require_rows_of_four(others);
  require(boxes.rank >= 2 && others.rank >= 2, "boxes must have a row axis");
  require(call.rule.pairing != Pairing::aligned ||
              boxes.shape[boxes.rank - 2] == others.shape[others.rank - 2],
          "aligned boxes must be as many");
}

inline void require_to_broadcast(const TensorView& boxes, const TensorView& result, int leading) {
  const int added = leading - (boxes.rank - 2);
  require(added >= 0, "a result has too few axes");
  for (int axis = 0; axis < boxes.rank - 2; ++axis) {
    require(boxes.shape[axis] == 1 || boxes.shape[axis] == result.shape[axis + added],
            "boxes and result do not broadcast");
  }
}

// The overlaps, or the gradient of them.
inline void require_overlaps(const BoxIouCall& call) {
  const int64_t count = call.boxes.shape[call.boxes.rank - 2];
  const int64_t others = call.other_boxes.shape[call.other_boxes.rank - 2];
  const bool is_aligned = call.rule.pairing == Pairing::aligned;
  if (is_aligned && count == 0) return require_size(call.result, 0);
  const int leading = leading_axes(call.result, call.rule);
  require_to_broadcast(call.boxes, call.result, leading);
  require_to_broadcast(call.other_boxes, call.result, leading);
  const int64_t pairs = is_aligned ? count : count * others;
  require_size(call.result, matrix_count(call.result, call.rule) * pairs);
}

inline void require_rotated_boxes_to_pair(const BoxIouCall& call) {
  const int64_t columns = call.rule.layout == IouLayout::xyxyxyxy ? 8 : 5;
  const Dtype dtype = call.boxes.dtype;
  require(dtype == Dtype::float32 || dtype == Dtype::float64, "rotated boxes must be wide floats");
  require_rows(call.boxes, columns);
  require_rows(call.other_boxes, columns);
  require(call.boxes.rank == 2 && call.other_boxes.rank == 2, "rotated boxes must be matrices");
  require(call.result.dtype == Dtype::float32, "the result has the wrong dtype");
  require_size(call.result, call.boxes.shape[0] * call.other_boxes.shape[0]);
}

inline BoxIouCall read_box_iou(Arguments& args) {
  BoxIouCall call;
  call.boxes = args.tensor_of_any_rank();
  call.other_boxes = args.tensor_of_any_rank();
  call.epsilon = args.number();
  call.result = args.tensor_of_any_rank();
  call.rule = decode_box_iou_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  require(call.boxes.dtype == call.other_boxes.dtype, "both sets of boxes must have one dtype");
  if (is_rotated(call.rule.layout)) {
    require_rotated_boxes_to_pair(call);
    return call;
  }
  require_boxes_to_pair(call);
  const bool widens = !is_floating(call.boxes.dtype) ||
                      (is_narrow_float(call.boxes.dtype) && call.rule.widening == Widening::sides);
  require(call.result.dtype == (widens ? Dtype::float32 : call.boxes.dtype),
          "the result has the wrong dtype");
  require_overlaps(call);
  return call;
}

struct BoxIouGradientCall {
  BoxIouCall call;  // its result is the gradient of the overlaps
  TensorView gradient, other_gradient;
};

inline BoxIouGradientCall read_box_iou_gradient(Arguments& args) {
  BoxIouGradientCall given;
  BoxIouCall& call = given.call;
  call.result = args.tensor_of_any_rank();
  call.boxes = args.tensor_of_any_rank();
  call.other_boxes = args.tensor_of_any_rank();
  call.epsilon = args.number();
  given.gradient = args.tensor_of_any_rank();
  given.other_gradient = args.tensor_of_any_rank();
  call.rule = decode_box_iou_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  if (is_rotated(call.rule.layout)) return given;
  require(is_floating(call.result.dtype), "the gradient must be floating");
  require(is_floating(call.boxes.dtype), "boxes must be floating");
  require(call.boxes.dtype == call.other_boxes.dtype, "both sets of boxes must have one dtype");
  require_boxes_to_pair(call);
  require_overlaps(call);
  require_gradient_of_boxes(given.gradient, call.boxes);
  require_gradient_of_boxes(given.other_gradient, call.other_boxes);
  return given;
}

}  // namespace opsbridge
