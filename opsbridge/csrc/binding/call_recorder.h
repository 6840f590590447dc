// Takes down the arguments of a call instead of making it, so that a graph can make it later.
#pragma once

#include "binding/tvm_abi.h"

namespace opsbridge {

// Whether the next call of this thread is only taken down.
bool is_call_recorded();

// Takes down the call; throws BadCall if it has more arguments than the destination holds.
void record_call(const ObAny* args, int32_t count);

}  // namespace opsbridge
