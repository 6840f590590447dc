// What the calls check before a kernel runs. Python checks first, so users never meet these.
#pragma once

#include "binding/arguments.h"

namespace opsbridge {

inline bool is_floating(Dtype dtype) {
  return dtype == Dtype::float16 || dtype == Dtype::bfloat16 || dtype == Dtype::float32 ||
         dtype == Dtype::float64;
}

inline void require(bool holds, const char* what) {
  if (!holds) throw BadCall(what);
}

// An output that is absent, or long enough and of one of two integer types.
inline void require_output(const TensorView& view, int64_t count, Dtype first, Dtype second) {
  if (!is_present(view)) return;
  require(view.dtype == first || view.dtype == second, "an output has the wrong dtype");
  require(view.shape[0] >= count, "an output is too short");
}

}  // namespace opsbridge
