// The stable C calling convention of tvm-ffi, as far as opsbridge uses it: tagged 16-byte
// arguments, DLPack tensors, and functions that record an exception or make an object. Written from
// the documented ABI so that neither its C++ headers nor its library are needed to build.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct ObDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};

struct ObDevice {
  int32_t type;
  int32_t id;
};

// DLTensor of DLPack.
struct ObTensor {
  void* data;
  ObDevice device;
  int32_t ndim;
  ObDataType dtype;
  int64_t* shape;
  int64_t* strides;  // null: contiguous
  uint64_t byte_offset;
};

struct ObText {
  const char* data;
  size_t size;
};

struct ObAny {
  int32_t tag;
  uint32_t padding;
  union {
    int64_t as_int;
    double as_float;
    void* as_pointer;
  };
};

// DLManagedTensorVersioned of DLPack.
struct ObManagedTensor {
  uint32_t major_version;
  uint32_t minor_version;
  void* context;
  void (*deleter)(ObManagedTensor* self);
  uint64_t flags;
  ObTensor tensor;
};

using ObFunction = int (*)(void* self, const ObAny* args, int32_t count, ObAny* result);

// Resolved when the tvm-ffi run time loads this library; weak, so that loading without it works.
__attribute__((weak)) int TVMFFIErrorCreate(const ObText* kind, const ObText* message,
                                            const ObText* backtrace, void** out);
__attribute__((weak)) void TVMFFIErrorSetRaised(void* error);
__attribute__((weak)) int TVMFFIObjectDecRef(void* object);

// Runs the handlers of signals that came; not 0: one of them raised an exception of its language.
__attribute__((weak)) int TVMFFIEnvCheckSignals(void);

// A callable object of tvm-ffi around a function of the calling convention and its first argument.
__attribute__((weak)) int TVMFFIFunctionCreate(void* self, ObFunction call,
                                               void (*deleter)(void* self), void** out);

// A tensor object that owns what the deleter of `from` frees; not 0: it failed and owns nothing.
__attribute__((weak)) int TVMFFITensorFromDLPackVersioned(ObManagedTensor* from,
                                                          int32_t require_alignment,
                                                          int32_t require_contiguous, void** out);

}  // extern "C"

namespace opsbridge {

enum Tag : int32_t {
  kNoneTag = 0,
  kIntTag = 1,
  kBoolTag = 2,
  kFloatTag = 3,
  kTensorPointerTag = 7,
  kSmallStringTag = 11,  // up to 7 bytes, in place; the length is in the padding
  kStringTag = 65,       // an object that holds an ObText
  kFunctionTag = 68,
  kTensorObjectTag = 70,
};

constexpr int kObjectHeaderBytes = 24;
constexpr int32_t kCpuDevice = 1;
constexpr int32_t kCudaDevice = 2;
enum TypeCode : uint8_t {
  kIntCode = 0,
  kUIntCode = 1,
  kFloatCode = 2,
  kBrainFloatCode = 4,
  kBoolCode = 6
};

static_assert(sizeof(ObAny) == 16, "tvm-ffi arguments are 16 bytes");
static_assert(sizeof(ObManagedTensor) == 80, "DLManagedTensorVersioned is 80 bytes");
static_assert(sizeof(ObTensor) == 48, "DLTensor is 48 bytes");

}  // namespace opsbridge
