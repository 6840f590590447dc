#include "binding/box_shapes_arguments.h"
#include "binding/cuda/direct_on_device.h"
#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "ops/box_shapes_device.h"

namespace opsbridge {

static int64_t call_box_convert(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const BoxConvertCall call = read_box_convert(args);
        require(!is_rotated(call.rule.source_layout), "rotated boxes are for the CPU only");
        if (workspace.is_counting()) return;
        box_convert_on_device(on, report, call.boxes, call.converted, call.rule);
      });
}

static int64_t call_box_area(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const BoxAreaCall call = read_box_area(args);
                     if (workspace.is_counting()) return;
                     box_area_on_device(on, report, call.boxes, call.area, call.rule);
                   });
}

static int64_t call_clip_boxes(Arguments& given) {
  return on_device(given, [](const Executor& on, Workspace& workspace, Report* report,
                             Arguments& args) {
    const ClipBoxesCall call = read_clip_boxes(args);
    if (workspace.is_counting()) return;
    clip_boxes_on_device(on, report, call.boxes, call.height, call.width, call.clipped, call.rule);
  });
}

static int64_t call_small_boxes(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const SmallBoxesCall call = read_small_boxes(args);
                     small_boxes_on_device(on, workspace, report, call.boxes, call.min_size,
                                           call.is_integral, call.keep, call.rule);
                   });
}

static int64_t call_check_valid(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const CheckValidCall call = read_check_valid(args);
        if (workspace.is_counting()) return;
        check_valid_on_device(on, report, call.boxes, call.image, call.valid, call.rule);
      });
}

static int64_t call_box_area_gradient(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const BoxAreaGradientCall one = read_box_area_gradient(args);
        const BoxAreaCall& call = one.call;
        if (workspace.is_counting()) return;
        box_area_gradient_on_device(on, report, call.area, call.boxes, one.gradient, call.rule);
      });
}

static int64_t call_box_convert_gradient(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const BoxConvertGradientCall one = read_box_convert_gradient(args);
        require(!is_rotated(one.call.rule.source_layout), "rotated boxes are for the CPU only");
        if (workspace.is_counting()) return;
        box_convert_gradient_on_device(on, report, one.call.converted, one.gradient, one.call.rule);
      });
}

static int64_t call_clip_boxes_gradient(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const ClipBoxesGradientCall one = read_clip_boxes_gradient(args);
        const ClipBoxesCall& call = one.call;
        if (workspace.is_counting()) return;
        clip_boxes_gradient_on_device(on, report, call.clipped, call.boxes, call.height, call.width,
                                      one.gradient, call.rule);
      });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(box_convert)
OPSBRIDGE_EXPORT(box_area)
OPSBRIDGE_EXPORT(clip_boxes)
OPSBRIDGE_EXPORT(small_boxes)
OPSBRIDGE_EXPORT(check_valid)
OPSBRIDGE_EXPORT(box_area_gradient)
OPSBRIDGE_EXPORT(box_convert_gradient)
OPSBRIDGE_EXPORT(clip_boxes_gradient)
OPSBRIDGE_EXPORT_DIRECT(box_convert, opsbridge::kOnDevice)
OPSBRIDGE_EXPORT_DIRECT(box_area, opsbridge::kOnDevice)
OPSBRIDGE_EXPORT_DIRECT(clip_boxes, opsbridge::kOnDevice)
