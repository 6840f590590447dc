#include "binding/crop_and_resize_arguments.h"
#include "binding/export.h"

namespace opsbridge {

static int64_t call_crop_and_resize(Arguments& args) {
  return crop_and_resize(read_crop_and_resize(args));
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(crop_and_resize)
