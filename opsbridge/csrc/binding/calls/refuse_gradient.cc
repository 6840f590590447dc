#include <cstring>

#include "binding/checks.h"
#include "binding/export.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// How many elements a contiguous tensor has.
int64_t size_of(const TensorView& view) {
  int64_t size = 1;
  for (int axis = 0; axis < view.rank; ++axis) size *= view.shape[axis];
  return size;
}

bool has_nonzero(const TensorView& view) {
  const int64_t size = size_of(view);
  return with_number_type(view.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* values = static_cast<const T*>(view.data);
    for (int64_t i = 0; i < size; ++i) {
      if (static_cast<double>(values[i]) != 0) return true;
    }
    return false;
  });
}

}  // namespace

// For results that have no derivative: a gradient that is not zero is refused, and zero goes on.
// Takes the number of gradients and of inputs, the gradients, and a gradient of each input to fill.
static int64_t call_refuse_gradient(Arguments& args) {
  const int64_t gradients = args.integer();
  const int64_t inputs = args.integer();
  bool is_refused = false;
  for (int64_t i = 0; i < gradients; ++i) {
    const TensorView gradient = args.tensor_of_any_rank();
    if (is_number(gradient.dtype) && has_nonzero(gradient)) is_refused = true;
  }
  for (int64_t i = 0; i < inputs; ++i) {
    const TensorView zeros = args.tensor_of_any_rank();
    require(zeros.dtype != Dtype::other, "a gradient has an unknown dtype");
    const int64_t bytes =
        is_number(zeros.dtype)
            ? with_number_type(zeros.dtype,
                               [](auto zero) { return static_cast<int64_t>(sizeof zero); })
            : 1;
    std::memset(zeros.data, 0, static_cast<size_t>(size_of(zeros) * bytes));
  }
  args.finish();
  return is_refused ? 1 : 0;
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT_OPERATOR(refuse_gradient)
