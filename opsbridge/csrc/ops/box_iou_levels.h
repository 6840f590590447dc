// Overlaps of rows of boxes with all others, at every instruction-set level.
#pragma once

#include <cstdint>

#include "ops/box_iou.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// Row r of the result pairs box r of `outer` with every box of `inner`, or with box r where
// `inner_count` is negative. `outer_is_first` says which of the two is the first argument.
template <class C, class I, class A, class R>
struct BoxIouJob {
  using Shared = I;
  BoxColumns<C, A, R> outer, inner;
  int64_t inner_count;
  bool outer_is_first;
  R epsilon;
  BoxIouRule rule;
  R* result;
};

#define OPSBRIDGE_DECLARE(level)                                               \
  namespace level {                                                            \
  template <class C, class I, class A, class R>                                \
  void box_iou(const BoxIouJob<C, I, A, R>& job, int64_t first, int64_t last); \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
