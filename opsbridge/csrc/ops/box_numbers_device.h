// Numbers of boxes in device memory. Integers of every width are 64 bits wide once they are read,
// so that one kernel serves them all: the dtype is the same for all threads.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "ops/box_row_maps.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {

// Calls body with a value of the type that holds the elements of a tensor of numbers exactly.
template <class Body>
auto with_exact_type(Dtype dtype, Body body) {
  switch (dtype) {
    case Dtype::uint8:
    case Dtype::uint16:
    case Dtype::int8:
    case Dtype::int16:
    case Dtype::int32:
    case Dtype::int64:
      return body(int64_t());
    default:
      return with_floating_type(dtype, body);
  }
}

template <class T>
OPSBRIDGE_FN int64_t integer_at(const TensorView& view, int64_t at) {
  return static_cast<int64_t>(static_cast<const T*>(view.data)[at]);
}

template <class E>
OPSBRIDGE_FN E exact_at(const TensorView& view, int64_t at) {
  if constexpr (std::is_integral_v<E>) {
    switch (view.dtype) {
      case Dtype::uint8:
        return integer_at<uint8_t>(view, at);
      case Dtype::uint16:
        return integer_at<uint16_t>(view, at);
      case Dtype::int8:
        return integer_at<int8_t>(view, at);
      case Dtype::int16:
        return integer_at<int16_t>(view, at);
      case Dtype::int32:
        return integer_at<int32_t>(view, at);
      default:
        return integer_at<int64_t>(view, at);
    }
  } else {
    return static_cast<const E*>(view.data)[at];
  }
}

// A number of any floating dtype in contiguous memory.
template <class T>
OPSBRIDGE_FN T floating_at(const TensorView& view, int64_t at) {
  switch (view.dtype) {
    case Dtype::float16:
      return static_cast<T>(exact_at<Half>(view, at));
    case Dtype::bfloat16:
      return static_cast<T>(exact_at<BrainFloat>(view, at));
    case Dtype::float32:
      return static_cast<T>(exact_at<float>(view, at));
    default:
      return static_cast<T>(exact_at<double>(view, at));
  }
}

// The usual matrix needs no division.
OPSBRIDGE_FN int64_t start_of_row(const TensorView& view, int64_t row) {
  return view.rank == 2 ? row * view.strides[0] : row_offset(view, row);
}

template <class E>
OPSBRIDGE_FN Four<E> exact_row(const TensorView& view, int64_t row) {
  const int64_t start = start_of_row(view, row), step = view.strides[view.rank - 1];
  Four<E> four;
  for (int i = 0; i < 4; ++i) four.value[i] = exact_at<E>(view, start + i * step);
  return four;
}

OPSBRIDGE_FN bool fits(Dtype dtype, int64_t value) {
  switch (dtype) {
    case Dtype::uint8:
      return value >= 0 && value <= UINT8_MAX;
    case Dtype::uint16:
      return value >= 0 && value <= UINT16_MAX;
    case Dtype::int8:
      return value >= INT8_MIN && value <= INT8_MAX;
    case Dtype::int16:
      return value >= INT16_MIN && value <= INT16_MAX;
    case Dtype::int32:
      return value >= INT32_MIN && value <= INT32_MAX;
    default:
      return true;
  }
}

template <class T>
OPSBRIDGE_FN void put_integer(const TensorView& view, int64_t at, int64_t value) {
  static_cast<T*>(view.data)[at] = static_cast<T>(value);
}

// Into contiguous memory.
template <class E>
OPSBRIDGE_FN void put_exact(const TensorView& view, int64_t at, E value) {
  if constexpr (std::is_integral_v<E>) {
    switch (view.dtype) {
      case Dtype::uint8:
        return put_integer<uint8_t>(view, at, value);
      case Dtype::uint16:
        return put_integer<uint16_t>(view, at, value);
      case Dtype::int8:
        return put_integer<int8_t>(view, at, value);
      case Dtype::int16:
        return put_integer<int16_t>(view, at, value);
      case Dtype::int32:
        return put_integer<int32_t>(view, at, value);
      default:
        return put_integer<int64_t>(view, at, value);
    }
  } else {
    static_cast<E*>(view.data)[at] = value;
  }
}

OPSBRIDGE_FN void refuse_row(Report* report, int64_t row, int64_t reason) {
  lower_word(&report->refused, static_cast<unsigned long long>(refused_row(row, reason)));
}

}  // namespace opsbridge
