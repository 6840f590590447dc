// Results that are made here: memory with its description, freed by whoever holds the tensor last.
#pragma once

#include "binding/tvm_abi.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// A new contiguous tensor, not filled; its sizes may still be lowered. Null when memory is short.
ObManagedTensor* make_tensor(const ObDataType& dtype, int rank, const int64_t* shape,
                             int64_t bytes);

void free_tensor(ObManagedTensor* tensor);

// Hands a tensor over as the result of a call; returns nonzero, with the tensor freed, on failure.
int give_tensor(ObManagedTensor* tensor, ObAny* result);

}  // namespace opsbridge
