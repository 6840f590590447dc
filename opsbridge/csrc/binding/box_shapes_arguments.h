// The arguments of the operators that treat each box alone and of their gradients, read and checked
// in one place for every device.
#pragma once

#include "binding/checks.h"
#include "ops/box_gradients_host.h"
#include "ops/box_rows.h"
#include "ops/box_shapes_host.h"
#include "ops/rotated_boxes_host.h"

namespace opsbridge {

struct BoxConvertCall {
  TensorView boxes, converted;
  BoxConvertRule rule;
};

inline BoxConvertCall read_box_convert(Arguments& args) {
  BoxConvertCall call;
  call.boxes = args.tensor_of_any_rank();
  call.converted = args.tensor_of_any_rank();
  call.rule = decode_box_convert_rule(args.integer());
  args.finish();
  const BoxConvertRule& rule = call.rule;
  const Dtype dtype = call.boxes.dtype;
  require_rows(call.boxes, columns_of(rule.source_layout));
  require_rows(call.converted, columns_of(rule.target_layout));
  require(row_count(call.converted) == row_count(call.boxes), "a result has the wrong size");
  if (is_rotated(rule.source_layout)) {
    require(is_rotated(rule.target_layout), "a rotated box stays one");
    require(call.converted.dtype == dtype, "the result has the wrong dtype");
    return call;
  }
  const bool is_centred =
      rule.source_layout == SourceLayout::cxcywh || rule.target_layout == TargetLayout::cxcywh;
  const bool widens = !is_floating(dtype) && is_centred &&
                      static_cast<int>(rule.source_layout) != static_cast<int>(rule.target_layout);
  require(call.converted.dtype == (widens ? Dtype::float32 : dtype),
          "the result has the wrong dtype");
  return call;
}

struct BoxAreaCall {
  TensorView boxes, area;
  BoxAreaRule rule;
};

inline BoxAreaCall read_box_area(Arguments& args) {
  BoxAreaCall call;
  call.boxes = args.tensor_of_any_rank();
  call.area = args.tensor_of_any_rank();
  call.rule = decode_box_area_rule(args.integer());
  args.finish();
  const Dtype dtype = call.boxes.dtype;
  require_rows_of_four(call.boxes);
  const Dtype widened = is_narrow_float(dtype)                        ? Dtype::float32
                        : is_floating(dtype) || dtype == Dtype::int64 ? dtype
                                                                      : Dtype::int32;
  require(call.area.dtype == widened, "the result has the wrong dtype");
  require_size(call.area, row_count(call.boxes));
  return call;
}

struct ClipBoxesCall {
  TensorView boxes, clipped;
  double height, width;
  ClipBoxesRule rule;
};

inline ClipBoxesCall read_clip_boxes(Arguments& args) {
  ClipBoxesCall call;
  call.boxes = args.tensor_of_any_rank();
  call.height = args.number();
  call.width = args.number();
  call.clipped = args.tensor_of_any_rank();
  call.rule = decode_clip_boxes_rule(args.integer());
  args.finish();
  require_rows_of_four(call.boxes);
  require(call.clipped.dtype == call.boxes.dtype ||
              (!is_floating(call.boxes.dtype) && call.clipped.dtype == Dtype::float32),
          "the result has the wrong dtype");
  require_size(call.clipped, row_count(call.boxes) * 4);
  return call;
}

struct SmallBoxesCall {
  TensorView boxes, keep;
  double min_size;
  bool is_integral;
  SmallBoxesRule rule;
};

inline SmallBoxesCall read_small_boxes(Arguments& args) {
  SmallBoxesCall call;
  call.boxes = args.tensor(2);
  call.min_size = args.number();
  call.is_integral = args.integer() != 0;
  call.keep = args.tensor(1);
  call.rule = decode_small_boxes_rule(args.integer());
  args.finish();
  require_rows_of_four(call.boxes);
  require(call.keep.dtype == Dtype::int64 && call.keep.shape[0] >= call.boxes.shape[0],
          "keep must be int64 (N,)");
  return call;
}

struct CheckValidCall {
  TensorView boxes, image, valid;
  CheckValidRule rule;
};

inline CheckValidCall read_check_valid(Arguments& args) {
  CheckValidCall call;
  call.boxes = args.tensor(2);
  call.image = args.tensor(1);
  call.valid = args.tensor(1);
  call.rule = decode_check_valid_rule(args.integer());
  args.finish();
  require_rows_of_four(call.boxes);
  require(is_number(call.image.dtype) && call.image.shape[0] == 3, "image must hold three numbers");
  require_output(call.valid, call.boxes.shape[0], Dtype::boolean, Dtype::uint8);
  return call;
}

// Their results are gradients of the results.
struct BoxAreaGradientCall {
  BoxAreaCall call;
  TensorView gradient;
};

inline BoxAreaGradientCall read_box_area_gradient(Arguments& args) {
  BoxAreaGradientCall given;
  given.call.area = args.tensor_of_any_rank();
  given.call.boxes = args.tensor_of_any_rank();
  given.gradient = args.tensor_of_any_rank();
  given.call.rule = decode_box_area_rule(args.integer());
  args.finish();
  require(is_floating(given.call.area.dtype) && is_floating(given.call.boxes.dtype),
          "boxes must be floating");
  require_rows_of_four(given.call.boxes);
  require_size(given.call.area, row_count(given.call.boxes));
  require_gradient_of_boxes(given.gradient, given.call.boxes);
  return given;
}

struct BoxConvertGradientCall {
  BoxConvertCall call;
  TensorView gradient;
};

inline BoxConvertGradientCall read_box_convert_gradient(Arguments& args) {
  BoxConvertGradientCall given;
  BoxConvertCall& call = given.call;
  call.converted = args.tensor_of_any_rank();
  call.boxes = args.tensor_of_any_rank();
  given.gradient = args.tensor_of_any_rank();
  call.rule = decode_box_convert_rule(args.integer());
  args.finish();
  require(is_floating(call.converted.dtype), "boxes must be floating");
  require_rows(call.boxes, columns_of(call.rule.source_layout));
  require_rows(call.converted, columns_of(call.rule.target_layout));
  require(row_count(call.converted) == row_count(call.boxes), "a result has the wrong size");
  require_gradient_of_boxes(given.gradient, call.boxes);
  require(!is_rotated(call.rule.source_layout) || call.converted.dtype == call.boxes.dtype,
          "the gradient has the wrong dtype");
  return given;
}

struct ClipBoxesGradientCall {
  ClipBoxesCall call;
  TensorView gradient;
};

inline ClipBoxesGradientCall read_clip_boxes_gradient(Arguments& args) {
  ClipBoxesGradientCall given;
  ClipBoxesCall& call = given.call;
  call.clipped = args.tensor_of_any_rank();
  call.boxes = args.tensor_of_any_rank();
  call.height = args.number();
  call.width = args.number();
  given.gradient = args.tensor_of_any_rank();
  call.rule = decode_clip_boxes_rule(args.integer());
  args.finish();
  require(is_floating(call.clipped.dtype) && is_floating(call.boxes.dtype),
          "boxes must be floating");
  require_rows_of_four(call.boxes);
  require_size(call.clipped, row_count(call.boxes) * 4);
  require_gradient_of_boxes(given.gradient, call.boxes);
  return given;
}

}  // namespace opsbridge
