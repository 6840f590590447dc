#include "binding/box_shapes_arguments.h"
#include "binding/export.h"

namespace opsbridge {

static int64_t call_box_convert(Arguments& args) {
  const BoxConvertCall call = read_box_convert(args);
  return is_rotated(call.rule.source_layout)
             ? rotated_convert(call.boxes, call.converted, call.rule)
             : box_convert(call.boxes, call.converted, call.rule);
}

static int64_t call_box_area(Arguments& args) {
  const BoxAreaCall call = read_box_area(args);
  return box_area(call.boxes, call.area, call.rule);
}

static int64_t call_clip_boxes(Arguments& args) {
  const ClipBoxesCall call = read_clip_boxes(args);
  return clip_boxes(call.boxes, call.height, call.width, call.clipped, call.rule);
}

static int64_t call_small_boxes(Arguments& args) {
  const SmallBoxesCall call = read_small_boxes(args);
  return small_boxes(call.boxes, call.min_size, call.is_integral, call.keep, call.rule);
}

static int64_t call_check_valid(Arguments& args) {
  const CheckValidCall call = read_check_valid(args);
  check_valid(call.boxes, call.image, call.valid, call.rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_convert)
OPSBRIDGE_EXPORT_OPERATOR(box_area)
OPSBRIDGE_EXPORT_OPERATOR(clip_boxes)
OPSBRIDGE_EXPORT_OPERATOR(small_boxes)
OPSBRIDGE_EXPORT_OPERATOR(check_valid)
