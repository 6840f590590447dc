#include "binding/call_recorder.h"

#include <cstring>

#include "binding/export.h"

namespace opsbridge {
namespace {

// The rows of an int64 matrix with two columns: a row is one argument, byte by byte.
thread_local TensorView destination = kNoTensor;

}  // namespace

bool is_call_recorded() { return is_present(destination); }

void record_call(const ObAny* args, int32_t count) {
  const TensorView rows = destination;
  destination = kNoTensor;
  if (count >= rows.shape[0]) throw BadCall("too many arguments to take down");
  int64_t* first = static_cast<int64_t*>(rows.data);
  first[0] = count;
  std::memcpy(first + 2, args, static_cast<size_t>(count) * sizeof(ObAny));
}

// Takes the next call of this thread down in an (n, 2) int64 tensor: the number of arguments in the
// first row, then the arguments.
static int64_t call_record_next_call(Arguments& args) {
  const TensorView rows = args.tensor(2);
  args.finish();
  if (rows.dtype != Dtype::int64 || rows.shape[1] != 2 || rows.strides[1] != 1 ||
      rows.strides[0] != 2) {
    throw BadCall("a call is taken down in a contiguous int64 tensor with two columns");
  }
  destination = rows;
  return 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(record_next_call)
