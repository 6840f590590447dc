#include "binding/checks.h"
#include "binding/export.h"
#include "ops/box_shapes_host.h"
#include "ops/rotated_boxes_host.h"

namespace opsbridge {

static int64_t call_box_convert(Arguments& args) {
  const TensorView boxes = args.tensor_of_any_rank();
  const TensorView converted = args.tensor_of_any_rank();
  const BoxConvertRule rule = decode_box_convert_rule(args.integer());
  args.finish();
  require_rows(boxes, columns_of(rule.source_layout));
  require_rows(converted, columns_of(rule.target_layout));
  if (is_rotated(rule.source_layout)) {
    require(is_rotated(rule.target_layout), "a rotated box stays one");
    require(converted.dtype == boxes.dtype, "the result has the wrong dtype");
    return rotated_convert(boxes, converted, rule);
  }
  const bool is_centred =
      rule.source_layout == SourceLayout::cxcywh || rule.target_layout == TargetLayout::cxcywh;
  const bool widens = !is_floating(boxes.dtype) && is_centred &&
                      static_cast<int>(rule.source_layout) != static_cast<int>(rule.target_layout);
  require(converted.dtype == (widens ? Dtype::float32 : boxes.dtype),
          "the result has the wrong dtype");
  return box_convert(boxes, converted, rule);
}

static int64_t call_box_area(Arguments& args) {
  const TensorView boxes = args.tensor_of_any_rank();
  const TensorView area = args.tensor_of_any_rank();
  const BoxAreaRule rule = decode_box_area_rule(args.integer());
  args.finish();
  require_rows_of_four(boxes);
  const Dtype widened = is_narrow_float(boxes.dtype)                              ? Dtype::float32
                        : is_floating(boxes.dtype) || boxes.dtype == Dtype::int64 ? boxes.dtype
                                                                                  : Dtype::int32;
  require(area.dtype == widened, "the result has the wrong dtype");
  return box_area(boxes, area, rule);
}

static int64_t call_clip_boxes(Arguments& args) {
  const TensorView boxes = args.tensor_of_any_rank();
  const double height = args.number();
  const double width = args.number();
  const TensorView clipped = args.tensor_of_any_rank();
  const ClipBoxesRule rule = decode_clip_boxes_rule(args.integer());
  args.finish();
  require_rows_of_four(boxes);
  require(clipped.dtype == boxes.dtype ||
              (!is_floating(boxes.dtype) && clipped.dtype == Dtype::float32),
          "the result has the wrong dtype");
  return clip_boxes(boxes, height, width, clipped, rule);
}

static int64_t call_small_boxes(Arguments& args) {
  const TensorView boxes = args.tensor(2);
  const double min_size = args.number();
  const bool is_integral = args.integer() != 0;
  const TensorView keep = args.tensor(1);
  const SmallBoxesRule rule = decode_small_boxes_rule(args.integer());
  args.finish();
  require_rows_of_four(boxes);
  require(keep.dtype == Dtype::int64 && keep.shape[0] >= boxes.shape[0], "keep must be int64 (N,)");
  return small_boxes(boxes, min_size, is_integral, keep, rule);
}

static int64_t call_check_valid(Arguments& args) {
  const TensorView boxes = args.tensor(2);
  const TensorView image = args.tensor(1);
  const TensorView valid = args.tensor(1);
  const CheckValidRule rule = decode_check_valid_rule(args.integer());
  args.finish();
  require_rows_of_four(boxes);
  require(is_number(image.dtype) && image.shape[0] == 3, "image must hold three numbers");
  require_output(valid, boxes.shape[0], Dtype::boolean, Dtype::uint8);
  check_valid(boxes, image, valid, rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_convert)
OPSBRIDGE_EXPORT_OPERATOR(box_area)
OPSBRIDGE_EXPORT_OPERATOR(clip_boxes)
OPSBRIDGE_EXPORT_OPERATOR(small_boxes)
OPSBRIDGE_EXPORT_OPERATOR(check_valid)
