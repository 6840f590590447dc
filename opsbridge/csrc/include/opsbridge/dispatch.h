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

// Calls body with a value of the element type of a tensor of integers or floats.
template <class Body>
auto with_number_type(Dtype dtype, Body body) {
  switch (dtype) {
    case Dtype::uint8:
      return body(uint8_t());
    case Dtype::uint16:
      return body(uint16_t());
    case Dtype::int8:
      return body(int8_t());
    case Dtype::int16:
      return body(int16_t());
    case Dtype::int32:
      return body(int32_t());
    case Dtype::int64:
      return body(int64_t());
    default:
      return with_floating_type(dtype, body);
  }
}

}  // namespace opsbridge
