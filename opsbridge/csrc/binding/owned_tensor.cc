#include "binding/owned_tensor.h"

#include <cstdint>
#include <cstdlib>

namespace opsbridge {
namespace {

constexpr size_t kAlignment = 64;

struct OwnedTensor {
  ObManagedTensor managed;
  int64_t shape[kMaxRank];
  int64_t strides[kMaxRank];
};

}  // namespace

void free_tensor(ObManagedTensor* tensor) { std::free(tensor); }

ObManagedTensor* make_tensor(const ObDataType& dtype, int rank, const int64_t* shape,
                             int64_t bytes) {
  // An allocator takes several times longer for memory that it has to align itself.
  void* memory = std::malloc(sizeof(OwnedTensor) + kAlignment + static_cast<size_t>(bytes));
  if (memory == nullptr) return nullptr;
  OwnedTensor* owned = static_cast<OwnedTensor*>(memory);
  char* data = static_cast<char*>(memory) + sizeof(OwnedTensor);
  data += -reinterpret_cast<uintptr_t>(data) % kAlignment;
  int64_t stride = 1;
  for (int axis = rank - 1; axis >= 0; --axis) {
    owned->shape[axis] = shape[axis];
    owned->strides[axis] = stride;
    stride *= shape[axis];
  }
  const ObTensor tensor{data, {kCpuDevice, 0}, rank, dtype, owned->shape, owned->strides, 0};
  owned->managed = {1, 1, nullptr, free_tensor, 0, tensor};
  return &owned->managed;
}

int give_tensor(ObManagedTensor* tensor, ObAny* result) {
  void* object = nullptr;
  if (TVMFFITensorFromDLPackVersioned(tensor, 0, 0, &object) != 0) {
    tensor->deleter(tensor);
    return -1;
  }
  result->tag = kTensorObjectTag;
  result->padding = 0;
  result->as_pointer = object;
  return 0;
}

}  // namespace opsbridge
