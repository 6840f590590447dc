// Makes a function visible to Python, in tvm-ffi's calling convention: __tvm_ffi_<name>; an
// operator also to MindSpore's graphs, as opsbridge_<name>.
#pragma once

#include <cstdint>

#include "binding/arguments.h"
#include "binding/mindspore.h"

namespace opsbridge {

// Inside a handler: the exception as one of Python's; returns what a failed call returns.
int raise_current_exception();

// Runs the body of a call; no C++ exception crosses into the caller.
int guarded(int64_t (*body)(Arguments&), const ObAny* args, int32_t count, ObAny* result);

}  // namespace opsbridge

#define OPSBRIDGE_EXPORT(name)                                              \
  extern "C" __attribute__((visibility("default"))) int __tvm_ffi_##name(   \
      void*, const ObAny* args, int32_t count, ObAny* result) {             \
    return opsbridge::guarded(opsbridge::call_##name, args, count, result); \
  }

#define OPSBRIDGE_EXPORT_OPERATOR(name)                                                           \
  OPSBRIDGE_EXPORT(name)                                                                          \
  extern "C" __attribute__((visibility("default"))) int opsbridge_##name(                         \
      int count, void** data, int* ranks, int64_t** shapes, const char** dtypes, void*, void*) {  \
    opsbridge::run_recorded(opsbridge::call_##name, #name, {count, data, ranks, shapes, dtypes}); \
    return 0;                                                                                     \
  }                                                                                               \
  extern "C" __attribute__((visibility("default"))) opsbridge::Shapes                             \
  opsbridge_##name##InferShape(int* ranks, int64_t** shapes, void*) {                             \
    return opsbridge::infer_shapes(ranks, shapes);                                                \
  }
