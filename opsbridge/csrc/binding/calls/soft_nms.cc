#include "binding/export.h"
#include "binding/soft_nms_arguments.h"

namespace opsbridge {

static int64_t call_soft_nms(Arguments& args) { return soft_nms(read_soft_nms(args)); }

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(soft_nms)
