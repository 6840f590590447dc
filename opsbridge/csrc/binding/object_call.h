// Direct calls for Python: a function of Python that takes the arguments of one framework API as a
// tuple, as the user gave them, and makes the results. It checks everything a plain call must
// satisfy and returns None, with nothing done, where the slow road has to look: there every check
// has its message.
#pragma once

#include "binding/python_abi.h"
#include "binding/tvm_abi.h"

namespace opsbridge {

// Makes one around `entry` from a program; `tensors` is a capsule of object_tensors.cc. Null, with
// an error of Python, if that fails.
PyObject* make_object_call(ObFunction entry, const int64_t* words, int64_t count,
                           PyObject* tensors);

}  // namespace opsbridge

// Exports opsbridge_<name>_of_objects, which makes direct calls of __tvm_ffi_<name>, for ctypes.
#define OPSBRIDGE_EXPORT_OBJECT_CALL(name)                                                      \
  extern "C" int __tvm_ffi_##name(void*, const ObAny*, int32_t, ObAny*);                        \
  extern "C" __attribute__((visibility("default"))) PyObject* opsbridge_##name##_of_objects(    \
      const int64_t* words, int64_t count, PyObject* tensors) {                                 \
    return opsbridge::make_object_call(__tvm_ffi_##name, words, count, tensors);                \
  }
