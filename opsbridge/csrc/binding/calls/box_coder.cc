#include "binding/box_coder_arguments.h"
#include "binding/export.h"

namespace opsbridge {

static int64_t call_box_encode(Arguments& args) {
  const auto given = read_box_encode(args);
  box_encode(given.call, given.rule);
  return 0;
}

static int64_t call_box_decode(Arguments& args) {
  const auto given = read_box_decode(args);
  box_decode(given.call, given.rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(box_encode)
OPSBRIDGE_EXPORT_OPERATOR(box_decode)
