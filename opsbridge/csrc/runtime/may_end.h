// For loops whose turns are short: asks whether the result is still wanted at some of them only.
#pragma once

#include <cstdint>

#include "opsbridge/types.h"
#include "runtime/interrupt.h"

namespace opsbridge {

// Whether a loop may end at turn `i` and leave the rest undone; a short loop never asks.
OPSBRIDGE_FN bool may_end_at(int64_t i, int64_t turns_between = 16) {
  return i % turns_between == turns_between - 1 && is_interrupted();
}

}  // namespace opsbridge
