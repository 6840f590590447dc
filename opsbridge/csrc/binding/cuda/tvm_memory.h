// Stream and memory of the framework that a call came from, as tvm-ffi hands them down: a call with
// tensors of PyTorch has PyTorch's current stream and allocator.
#pragma once

#include <new>

#include "binding/tvm_abi.h"

extern "C" {

__attribute__((weak)) void* TVMFFIEnvGetStream(int32_t device_type, int32_t device_id);

// A tensor object like the prototype, in new memory of the framework.
__attribute__((weak)) int TVMFFIEnvTensorAlloc(ObTensor* prototype, void** out);

}  // extern "C"

namespace opsbridge {

// Bytes on a device, or none. What was launched on the framework's stream may still use them when
// they go.
class FrameworkMemory {
 public:
  FrameworkMemory(const ObDevice& device, int64_t bytes) {
    if (bytes == 0) return;
    ObTensor prototype{nullptr, device, 1, {kUIntCode, 8, 1}, &bytes, nullptr, 0};
    if (TVMFFIEnvTensorAlloc(&prototype, &object_) != 0) throw std::bad_alloc();
  }
  FrameworkMemory(const FrameworkMemory&) = delete;
  FrameworkMemory& operator=(const FrameworkMemory&) = delete;
  ~FrameworkMemory() {
    if (object_ != nullptr) TVMFFIObjectDecRef(object_);
  }

  void* data() const {
    if (object_ == nullptr) return nullptr;
    const char* object = static_cast<const char*>(object_);
    return reinterpret_cast<const ObTensor*>(object + kObjectHeaderBytes)->data;
  }

 private:
  void* object_ = nullptr;
};

}  // namespace opsbridge
