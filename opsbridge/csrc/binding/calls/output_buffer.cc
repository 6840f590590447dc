#include <new>

#include "binding/checks.h"
#include "binding/export.h"
#include "runtime/buffer_pool.h"

namespace opsbridge {

// A tensor over a buffer; whoever holds it last calls the deleter, from any thread.
struct BufferTensor {
  ObManagedTensor managed;
  int64_t shape[kMaxRank];
  Buffer buffer;
};

static void release(ObManagedTensor* managed) {
  BufferTensor* tensor = static_cast<BufferTensor*>(managed->manager);
  give_back(tensor->buffer);
  delete tensor;
}

// The bytes of a contiguous tensor, or 0 where they are too many to count.
static size_t bytes_of(const BufferTensor& tensor) {
  size_t bytes = (tensor.managed.tensor.dtype.bits + 7u) / 8u;
  for (int axis = 0; axis < tensor.managed.tensor.ndim; ++axis) {
    const size_t length = static_cast<size_t>(tensor.shape[axis]);
    if (__builtin_mul_overflow(bytes, length, &bytes)) return 0;
  }
  return bytes;
}

static void* tensor_object(BufferTensor* tensor) {
  void* object = nullptr;
  if (TVMFFITensorFromDLPack(&tensor->managed, 0, 0, &object) == 0) return object;
  release(&tensor->managed);
  throw std::bad_alloc();
}

// DLPack's type code and bits, then the sizes. The address of a tensor object, or 0: the caller
// should allocate itself.
static int64_t call_output_buffer(Arguments& args) {
  BufferTensor shaped{};
  ObTensor& tensor = shaped.managed.tensor;
  tensor.dtype.code = static_cast<uint8_t>(args.integer());
  tensor.dtype.bits = static_cast<uint8_t>(args.integer());
  tensor.dtype.lanes = 1;
  tensor.device = ObDevice{kCpuDevice, 0};
  for (; args.remaining() > 0; ++tensor.ndim) {
    require(tensor.ndim < kMaxRank, "too many axes");
    shaped.shape[tensor.ndim] = args.integer();
    require(shaped.shape[tensor.ndim] >= 0, "sizes must not be negative");
  }
  shaped.buffer = take_buffer(bytes_of(shaped));
  if (shaped.buffer.data == nullptr) return 0;
  BufferTensor* made = new (std::nothrow) BufferTensor(shaped);
  if (made == nullptr) {
    give_back(shaped.buffer);
    return 0;
  }
  made->managed.tensor.data = made->buffer.data;
  made->managed.tensor.shape = made->shape;
  made->managed.manager = made;
  made->managed.deleter = release;
  return reinterpret_cast<int64_t>(tensor_object(made));
}

}  // namespace opsbridge

// The one function that returns a tensor and not a number.
extern "C" __attribute__((visibility("default"))) int __tvm_ffi_output_buffer(void*,
                                                                              const ObAny* args,
                                                                              int32_t count,
                                                                              ObAny* result) {
  const int status = opsbridge::guarded(opsbridge::call_output_buffer, args, count, result);
  if (status != 0) return status;
  result->tag = result->as_int == 0 ? opsbridge::kNoneTag : opsbridge::kTensorObjectTag;
  return 0;
}
