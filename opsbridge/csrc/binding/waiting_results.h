// A call of tvm-ffi gives one result as a tensor of the caller's framework. Where there are more,
// they wait for calls that ask for them.
#pragma once

#include "binding/tvm_abi.h"

namespace opsbridge {

constexpr int kMostWaiting = 3;

// Keeps the results that follow `first` for this thread, in order; earlier ones are forgotten.
void keep_waiting(const ObManagedTensor* first, ObManagedTensor* const* others, int count);

}  // namespace opsbridge
