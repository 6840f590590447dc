// Direct calls: a native function that takes the arguments of one framework API as the user gave
// them, and arrays for the results after them. It checks everything a plain call must satisfy and
// returns None, without an error and with nothing done, where the slow road has to look: there
// every check has its message.
#pragma once

#include "binding/tvm_abi.h"

namespace opsbridge {

// Where the tensors of direct calls are.
struct DirectPlace {
  int32_t device_type;
  int64_t most_bytes;  // of a result; larger ones are left to the slow road
  // Of a ticket that `entry` returned; or null, where it returns the answer itself. Where the
  // length of no result depends on it, nobody waits: then the direct call gives the ticket.
  int64_t (*answer)(int64_t ticket);
};

// Makes one around `entry`; `args` holds its program.
int make_direct(ObFunction entry, const DirectPlace& place, const ObAny* args, int32_t count,
                ObAny* result);

}  // namespace opsbridge

// Exports __tvm_ffi_<name>_direct, which makes direct calls of __tvm_ffi_<name>.
#define OPSBRIDGE_EXPORT_DIRECT(name, place)                                       \
  extern "C" int __tvm_ffi_##name(void*, const ObAny*, int32_t, ObAny*);           \
  extern "C" __attribute__((visibility("default"))) int __tvm_ffi_##name##_direct( \
      void*, const ObAny* args, int32_t count, ObAny* result) {                    \
    return opsbridge::make_direct(__tvm_ffi_##name, place, args, count, result);   \
  }
