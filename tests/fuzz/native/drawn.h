// Numbers, tensors and rules that are drawn from the bytes of a fuzzer. Whatever the bytes are,
// what is drawn is something that a caller may pass; when they are used up, everything is zero.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <vector>

#include "opsbridge/half.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

class Drawn {
 public:
  Drawn(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint8_t byte() { return size_ == 0 ? 0 : (--size_, *data_++); }
  int64_t below(int64_t count) { return byte() % count; }
  bool coin() { return byte() % 2 != 0; }

  template <class Number>
  Number bits() {
    Number number{};
    uint8_t bytes[sizeof number];
    for (uint8_t& each : bytes) each = byte();
    std::memcpy(&number, bytes, sizeof number);
    return number;
  }

  // Mostly a small multiple of a quarter, so that overlaps and borders are met exactly.
  double number() {
    static constexpr double kOdd[] = {std::numeric_limits<double>::quiet_NaN(),
                                      std::numeric_limits<double>::infinity(),
                                      -std::numeric_limits<double>::infinity(),
                                      -0.0,
                                      1e-45,
                                      1e-38,
                                      65504.0,
                                      3e38,
                                      -3e38,
                                      16777217.0,
                                      2147483648.0,
                                      1.0 / 3.0,
                                      0.1};
    const int drawn = byte();
    if (drawn < 224) return (drawn - 32) / 4.0;
    if (drawn == 255) return bits<float>();
    return kOdd[size_t(drawn - 224) % (sizeof kOdd / sizeof *kOdd)];
  }

  // A rule word whose axes have so many values.
  int64_t rule(std::initializer_list<int> values) {
    int64_t word = 0;
    int shift = 0;
    for (const int count : values) {
      word |= below(count) << shift;
      shift += 3;
    }
    return word;
  }

  Dtype floating() {
    static constexpr Dtype kDtypes[] = {Dtype::float32, Dtype::float64, Dtype::float16,
                                        Dtype::bfloat16};
    return kDtypes[below(4)];
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

// A number of the dtype `T` from one that is drawn; integers take what they hold.
template <class T>
T cast_drawn(double number) {
  if constexpr (std::numeric_limits<T>::is_integer) {
    return std::fabs(number) < 100 ? static_cast<T>(static_cast<int64_t>(number)) : T(1);
  } else {
    return static_cast<T>(static_cast<float>(number));
  }
}

// Memory of exactly so many elements, and a view of it.
class Tensor {
 public:
  Tensor() : view_(kNoTensor) {}
  template <class T>
  static Tensor of(Dtype dtype, std::initializer_list<int64_t> shape, T filling) {
    Tensor made;
    made.view_.dtype = dtype;
    made.view_.rank = 0;
    int64_t count = 1;
    for (const int64_t size : shape) {
      made.view_.shape[made.view_.rank++] = size;
      count *= size;
    }
    int64_t stride = 1;
    for (int axis = made.view_.rank - 1; axis >= 0; --axis) {
      made.view_.strides[axis] = stride;
      stride *= made.view_.shape[axis];
    }
    made.bytes_.resize(static_cast<size_t>(count) * sizeof(T));
    T* const data = reinterpret_cast<T*>(made.bytes_.data());
    for (int64_t i = 0; i < count; ++i) data[i] = filling;
    return made;
  }

  template <class T>
  static Tensor drawn(Drawn& from, Dtype dtype, std::initializer_list<int64_t> shape) {
    Tensor made = of(dtype, shape, T());
    const int64_t count = static_cast<int64_t>(made.bytes_.size() / sizeof(T));
    for (int64_t i = 0; i < count; ++i) {
      reinterpret_cast<T*>(made.bytes_.data())[i] = cast_drawn<T>(from.number());
    }
    return made;
  }

  TensorView view() {
    view_.data = bytes_.data();
    return view_;
  }
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes_.data());
  }
  const std::vector<char>& bytes() const { return bytes_; }

 private:
  TensorView view_;
  std::vector<char> bytes_;
};

// The same number, or both none.
template <class T>
bool is_same(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (double(a) != double(a) && double(b) != double(b));
}

// Like bytes, but with one NaN only.
template <class T>
struct Numbers {
  std::vector<T> values;
  bool operator==(const Numbers& other) const {
    if (values.size() != other.values.size()) return false;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!is_same(values[i], other.values[i])) return false;
    }
    return true;
  }
};

template <class T>
Numbers<T> numbers_of(const Tensor& tensor) {
  const T* const data = tensor.data<T>();
  return {std::vector<T>(data, data + tensor.bytes().size() / sizeof(T))};
}

}  // namespace opsbridge
