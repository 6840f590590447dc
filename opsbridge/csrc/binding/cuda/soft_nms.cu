#include "binding/cuda/on_device.h"
#include "binding/export.h"
#include "binding/soft_nms_arguments.h"
#include "ops/soft_nms_device.h"

namespace opsbridge {

static int64_t call_soft_nms(Arguments& given) {
  return on_device(given,
                   [](const Executor& on, Workspace& workspace, Report* report, Arguments& args) {
                     soft_nms_on_device(on, workspace, report, read_soft_nms(args));
                   });
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(soft_nms)
