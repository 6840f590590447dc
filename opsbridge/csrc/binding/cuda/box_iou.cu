#include "binding/box_iou_arguments.h"
#include "binding/cuda/direct_on_device.h"
#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "ops/box_iou_device.h"

namespace opsbridge {

static int64_t call_box_iou(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const BoxIouCall call = read_box_iou(args);
                     require(!is_rotated(call.rule.layout), "rotated boxes are for the CPU only");
                     box_iou_on_device(on, workspace, report, call);
                   });
}

static int64_t call_box_iou_gradient(Arguments& given) {
  return on_device(
      given, [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
        const BoxIouGradientCall one = read_box_iou_gradient(args);
        require(!is_rotated(one.call.rule.layout), "rotated boxes are for the CPU only");
        if (workspace.is_counting()) return;
        box_iou_gradient_on_device(on, report, one.call, one.gradient, one.other_gradient);
      });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(box_iou)
OPSBRIDGE_EXPORT(box_iou_gradient)
OPSBRIDGE_EXPORT_DIRECT(box_iou, opsbridge::kOnDevice)
