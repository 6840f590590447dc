#include "binding/box_coder_arguments.h"
#include "binding/export.h"

namespace opsbridge {

static int64_t call_box_encode_gradient(Arguments& args) {
  const auto given = read_box_encode_gradient(args);
  box_encode_gradient(given.call, given.of_anchors, given.of_others, given.rule);
  return 0;
}

static int64_t call_box_decode_gradient(Arguments& args) {
  const auto given = read_box_decode_gradient(args);
  box_decode_gradient(given.call, given.of_anchors, given.of_others, given.rule);
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(box_encode_gradient)
OPSBRIDGE_EXPORT(box_decode_gradient)
