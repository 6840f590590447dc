// Direct calls for Python: a function of Python that takes the arguments of one framework API as a
// tuple, as the user gave them, and makes the results. It checks everything a plain call must
// satisfy and returns None, with nothing done, where the slow road has to look: there every check
// has its message.
#pragma once

#include "binding/python_abi.h"
#include "binding/tvm_abi.h"

namespace opsbridge {

// Letting other threads run Python costs as much as the kernel for a few boxes. So the lock is kept
// while tensors of no more bytes than these are worked on, where their bytes bound the work: pairs
// of so many boxes take some microseconds.
constexpr int64_t kBriefBytes = 4096;
// Of operators that may take long however small their tensors are.
constexpr int64_t kNeverBrief = 0;

// Makes one around `entry` from a program; `tensors` is a capsule of object_tensors.cc. Null, with
// an error of Python, if that fails.
PyObject* make_object_call(ObFunction entry, int64_t brief_bytes, const int64_t* words,
                           int64_t count, PyObject* tensors);

}  // namespace opsbridge

// Exports opsbridge_<name>_of_objects, which makes direct calls of __tvm_ffi_<name>, for ctypes.
#define OPSBRIDGE_EXPORT_OBJECT_CALL(name, brief_bytes)                                       \
  extern "C" int __tvm_ffi_##name(void*, const ObAny*, int32_t, ObAny*);                      \
  extern "C" __attribute__((visibility("default"))) PyObject* opsbridge_##name##_of_objects(  \
      const int64_t* words, int64_t count, PyObject* tensors) {                               \
    return opsbridge::make_object_call(__tvm_ffi_##name, brief_bytes, words, count, tensors); \
  }
