// Overlaps of rows of boxes with all others, at every instruction-set level.
#pragma once

#include <cstdint>
#include <type_traits>

#include "ops/box_iou.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// 16-bit floats are kept widened, which is exact.
template <class T>
using Column = std::conditional_t<sizeof(T) == 2, float, T>;

// How far a column can be read beyond its last box: a whole vector may start at any box.
constexpr int64_t kColumnPadding = 16;

// Boxes as structure of arrays; `angle` (of the diagonal) is there for the measure that needs it.
template <class C, class A, class R>
struct BoxColumns {
  const Column<C>* x1;
  const Column<C>* y1;
  const Column<C>* x2;
  const Column<C>* y2;
  const Column<A>* area;
  const Column<R>* angle;
};

// Row r of the result pairs box r of `outer` with every box of `inner`, or with box r where
// `inner_count` is negative. `outer_is_first` says which of the two is the first argument.
template <class C, class I, class A, class R>
struct BoxIouJob {
  BoxColumns<C, A, R> outer, inner;
  int64_t inner_count;
  bool outer_is_first;
  bool streams;  // past the caches, where results are 32 bits or wider
  NanCorners nans;
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
