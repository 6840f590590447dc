// Makes a function visible to Python, in tvm-ffi's calling convention: __tvm_ffi_<name>.
#pragma once

#include <cstdint>

#include "binding/arguments.h"

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
