#include "binding/export.h"
#include "binding/nms_arguments.h"

namespace opsbridge {

static int64_t call_nms(Arguments& args) { return nms(read_nms(args)); }

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(nms)
