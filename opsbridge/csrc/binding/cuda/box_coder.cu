#include "binding/box_coder_arguments.h"
#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "ops/box_coder_device.h"

namespace opsbridge {

static int64_t call_box_encode(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const auto one = read_box_encode(args);
                     if (workspace.is_counting()) return;
                     box_encode_on_device(on, report, one.call, one.rule);
                   });
}

static int64_t call_box_decode(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const auto one = read_box_decode(args);
                     if (workspace.is_counting()) return;
                     box_decode_on_device(on, report, one.call, one.rule);
                   });
}

static int64_t call_box_encode_gradient(Arguments& given) {
  return on_device(given, [](const Executor& on, Workspace& workspace, Report* report,
                             Arguments& args) {
    const auto one = read_box_encode_gradient(args);
    if (workspace.is_counting()) return;
    box_encode_gradient_on_device(on, report, one.call, one.of_anchors, one.of_others, one.rule);
  });
}

static int64_t call_box_decode_gradient(Arguments& given) {
  return on_device(given, [](const Executor& on, Workspace& workspace, Report* report,
                             Arguments& args) {
    const auto one = read_box_decode_gradient(args);
    if (workspace.is_counting()) return;
    box_decode_gradient_on_device(on, report, one.call, one.of_anchors, one.of_others, one.rule);
  });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(box_encode)
OPSBRIDGE_EXPORT(box_decode)
OPSBRIDGE_EXPORT(box_encode_gradient)
OPSBRIDGE_EXPORT(box_decode_gradient)
