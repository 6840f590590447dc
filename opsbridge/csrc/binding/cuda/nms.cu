#include "binding/cuda/direct_on_device.h"
#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "binding/nms_arguments.h"
#include "ops/nms_device.h"

namespace opsbridge {

static int64_t call_nms(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     nms_on_device(on, workspace, report, read_nms(args));
                   });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(nms)
OPSBRIDGE_EXPORT_DIRECT(nms, opsbridge::kOnDevice)
