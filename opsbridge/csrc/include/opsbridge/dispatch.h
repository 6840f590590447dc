// From a tensor's dtype to a C++ type: one line per dtype.
#pragma once

#include <stdexcept>

#include "opsbridge/half.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// Calls body with a value of the element type of a floating tensor.
template <class Body>
auto with_floating_type(Dtype dtype, Body body) {
  switch (dtype) {
    case Dtype::float16:
      return body(Half());
    case Dtype::bfloat16:
      return body(BrainFloat());
    case Dtype::float32:
      return body(float());
    case Dtype::float64:
      return body(double());
    default:
      throw std::logic_error("a floating dtype is expected");
  }
}

}  // namespace opsbridge
