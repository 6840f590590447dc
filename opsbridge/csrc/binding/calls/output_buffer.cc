#include <new>

#include "binding/checks.h"
#include "binding/export.h"
#include "binding/owned_tensor.h"
#include "runtime/buffer_pool.h"

namespace opsbridge {

// A tensor over a buffer; whoever holds it last calls the deleter, from any thread.
struct BufferTensor {
  ObManagedTensor managed;
  int64_t shape[kMaxRank];
  Buffer buffer;
};

static void release(ObManagedTensor* managed) {
  BufferTensor* tensor = static_cast<BufferTensor*>(managed->context);
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

// A tensor of DLPack's type code and bits, then the sizes; null: the caller should allocate itself.
static BufferTensor* make_buffer_tensor(Arguments& args) {
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
  if (shaped.buffer.data == nullptr) return nullptr;
  BufferTensor* made = new (std::nothrow) BufferTensor(shaped);
  if (made == nullptr) {
    give_back(shaped.buffer);
    return nullptr;
  }
  made->managed.major_version = 1;
  made->managed.minor_version = 1;
  made->managed.context = made;
  made->managed.deleter = release;
  made->managed.tensor.data = made->buffer.data;
  made->managed.tensor.shape = made->shape;
  return made;
}

}  // namespace opsbridge

// The one operator-independent function that returns a tensor, or nothing, and not a number.
extern "C" __attribute__((visibility("default"))) int __tvm_ffi_output_buffer(void*,
                                                                              const ObAny* args,
                                                                              int32_t count,
                                                                              ObAny* result) {
  try {
    opsbridge::Arguments arguments(args, count);
    opsbridge::BufferTensor* made = opsbridge::make_buffer_tensor(arguments);
    if (made != nullptr) return opsbridge::give_tensor(&made->managed, result);
    *result = ObAny{};
    return 0;
  } catch (...) {
    return opsbridge::raise_current_exception();
  }
}
