// Reads the arguments of one call in order; whatever has the wrong type throws BadCall.
#pragma once

#include <stdexcept>
#include <string>

#include "binding/tvm_abi.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// A call that does not fit the function. Python checks first, so users never meet this.
struct BadCall : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The tensor that an argument is, or null.
inline const ObTensor* tensor_of(const ObAny& arg) {
  if (arg.tag == kTensorPointerTag) return static_cast<const ObTensor*>(arg.as_pointer);
  if (arg.tag != kTensorObjectTag) return nullptr;
  const char* object = static_cast<const char*>(arg.as_pointer);
  return reinterpret_cast<const ObTensor*>(object + kObjectHeaderBytes);
}

// Whether elements are where the compiler takes them to be. NumPy and PyTorch make tensors of any
// bytes, which then begin anywhere.
inline bool is_aligned(const ObTensor& tensor) {
  const int32_t bytes = tensor.dtype.bits / 8;
  return bytes <= 1 || (reinterpret_cast<uintptr_t>(tensor.data) + tensor.byte_offset) % bytes == 0;
}

inline int64_t bytes_of(const ObTensor& tensor) {
  int64_t bytes = tensor.dtype.bits / 8;
  for (int axis = 0; axis < tensor.ndim; ++axis) bytes *= tensor.shape[axis];
  return bytes;
}

inline Dtype dtype_of(const ObDataType& type) {
  if (type.lanes != 1) return Dtype::other;
  if (type.code == kBoolCode && type.bits == 8) return Dtype::boolean;
  if (type.code == kUIntCode && type.bits == 8) return Dtype::uint8;
  if (type.code == kUIntCode && type.bits == 16) return Dtype::uint16;
  if (type.code == kIntCode && type.bits == 8) return Dtype::int8;
  if (type.code == kIntCode && type.bits == 16) return Dtype::int16;
  if (type.code == kIntCode && type.bits == 32) return Dtype::int32;
  if (type.code == kIntCode && type.bits == 64) return Dtype::int64;
  if (type.code == kFloatCode && type.bits == 16) return Dtype::float16;
  if (type.code == kBrainFloatCode && type.bits == 16) return Dtype::bfloat16;
  if (type.code == kFloatCode && type.bits == 32) return Dtype::float32;
  if (type.code == kFloatCode && type.bits == 64) return Dtype::float64;
  return Dtype::other;
}

// The other way round; nothing for `other`.
inline ObDataType data_type_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::boolean:
      return {kBoolCode, 8, 1};
    case Dtype::uint8:
      return {kUIntCode, 8, 1};
    case Dtype::uint16:
      return {kUIntCode, 16, 1};
    case Dtype::int8:
      return {kIntCode, 8, 1};
    case Dtype::int16:
      return {kIntCode, 16, 1};
    case Dtype::int32:
      return {kIntCode, 32, 1};
    case Dtype::int64:
      return {kIntCode, 64, 1};
    case Dtype::float16:
      return {kFloatCode, 16, 1};
    case Dtype::bfloat16:
      return {kBrainFloatCode, 16, 1};
    case Dtype::float32:
      return {kFloatCode, 32, 1};
    case Dtype::float64:
      return {kFloatCode, 64, 1};
    default:
      throw BadCall("a dtype is expected");
  }
}

class Arguments {
 public:
  // `device_type` is that of every tensor.
  Arguments(const ObAny* args, int32_t count, int32_t device_type = kCpuDevice)
      : args_(args), count_(count), device_type_(device_type) {}

  int64_t integer() {
    const ObAny& arg = next();
    if (arg.tag != kIntTag && arg.tag != kBoolTag) fail("an integer");
    return arg.as_int;
  }

  double number() {
    const ObAny& arg = next();
    if (arg.tag == kIntTag) return static_cast<double>(arg.as_int);
    if (arg.tag != kFloatTag) fail("a float");
    return arg.as_float;
  }

  TensorView tensor(int rank) {
    TensorView view;
    read_optional(view, rank);
    if (!is_present(view)) fail("a tensor");
    return view;
  }

  // A tensor of any rank that a view can hold.
  TensorView tensor_of_any_rank() {
    const ObTensor* tensor = own_tensor(next());
    if (tensor->ndim > kMaxRank) fail("a tensor of at most " + std::to_string(kMaxRank) + " axes");
    TensorView view;
    read(view, *tensor);
    return view;
  }

  TensorView optional_tensor_of_any_rank() {
    if (position_ < count_ && args_[position_].tag != kNoneTag) return tensor_of_any_rank();
    return optional_tensor(0);
  }

  TensorView optional_tensor(int rank) {
    TensorView view;
    read_optional(view, rank);
    return view;
  }

  // As above, in place: a view is large, and calls with many absent tensors are frequent.
  void read_optional(TensorView& view, int rank) {
    const ObAny& arg = next();
    if (arg.tag == kNoneTag) {
      view.data = nullptr;
      view.dtype = Dtype::other;
      view.rank = -1;
      return;
    }
    const ObTensor* tensor = own_tensor(arg);
    if (tensor->ndim != rank) fail("a tensor of rank " + std::to_string(rank));
    read(view, *tensor);
  }

  // The arguments that are left, with tensors of another kind of device.
  Arguments for_device(int32_t device_type) const {
    return Arguments(args_ + position_, count_ - position_, device_type);
  }

  // Where the first tensor is.
  ObDevice device() const {
    for (int32_t i = 0; i < count_; ++i) {
      if (const ObTensor* tensor = tensor_of(args_[i])) return tensor->device;
    }
    throw BadCall("a tensor is expected");
  }

  // Appends what there is to know of a call but the values in its tensors: numbers and, of each
  // tensor, dtype, sizes, strides, and where it begins within a cache line.
  void describe(std::string& bytes) const {
    const auto append = [&](const auto& value) {
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    for (int32_t i = 0; i < count_; ++i) {
      append(args_[i].tag);
      const ObTensor* tensor = tensor_of(args_[i]);
      if (tensor == nullptr) {
        append(args_[i].as_int);
        continue;
      }
      append(tensor->device);
      append(tensor->dtype);
      append(tensor->ndim);
      append((reinterpret_cast<uintptr_t>(tensor->data) + tensor->byte_offset) % 64);
      for (int axis = 0; axis < tensor->ndim; ++axis) {
        append(tensor->shape[axis]);
        append(tensor->strides == nullptr ? int64_t(-1) : tensor->strides[axis]);
      }
    }
  }

  int32_t remaining() const { return count_ - position_; }

  void finish() const {
    if (position_ != count_) throw BadCall("too many arguments");
  }

 private:
  const ObAny& next() {
    if (position_ >= count_) throw BadCall("too few arguments");
    return args_[position_++];
  }

  [[noreturn]] void fail(const std::string& wanted) const {
    throw BadCall("argument " + std::to_string(position_ - 1) + " must be " + wanted);
  }

  const ObTensor* own_tensor(const ObAny& arg) const {
    const ObTensor* tensor = tensor_of(arg);
    if (tensor == nullptr) fail("a tensor");
    if (tensor->device.type != device_type_) {
      fail(device_type_ == kCpuDevice ? "a tensor in host memory" : "a tensor in device memory");
    }
    if (is_empty(*tensor)) return tensor;
    if (tensor->data == nullptr) fail("a tensor with memory");
    if (!is_aligned(*tensor)) fail("a tensor of aligned elements");
    return tensor;
  }

  // Only such a tensor may have no memory, or any, whatever its capsule says.
  static bool is_empty(const ObTensor& tensor) {
    for (int axis = 0; axis < tensor.ndim; ++axis) {
      if (tensor.shape[axis] == 0) return true;
    }
    return false;
  }

  static void read(TensorView& view, const ObTensor& tensor) {
    view.data = static_cast<char*>(tensor.data) + tensor.byte_offset;
    view.dtype = dtype_of(tensor.dtype);
    view.rank = tensor.ndim;
    int64_t packed_stride = 1;
    for (int axis = tensor.ndim - 1; axis >= 0; --axis) {
      view.shape[axis] = tensor.shape[axis];
      view.strides[axis] = tensor.strides != nullptr ? tensor.strides[axis] : packed_stride;
      packed_stride *= tensor.shape[axis];
    }
  }

  const ObAny* args_;
  int32_t count_;
  int32_t device_type_;
  int32_t position_ = 0;
};

}  // namespace opsbridge
