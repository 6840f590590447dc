#include "binding/crop_and_resize_arguments.h"
#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "ops/crop_and_resize_device.h"

namespace opsbridge {

static int64_t call_crop_and_resize(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     const CropAndResizeCall call = read_crop_and_resize(args);
                     if (!workspace.is_counting()) crop_and_resize_on_device(on, report, call);
                   });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(crop_and_resize)
