// The suppression sweep at every instruction-set level.
#pragma once

#include <cstdint>

#include "opsbridge/half.h"
#include "opsbridge/rules/nms.h"
#include "runtime/cpu_level.h"

namespace opsbridge {

// Candidates that compete with each other, in rank order, as structure of arrays. `suppressed`
// starts zeroed and comes back with one byte per candidate that was not kept; `suppressor` starts
// at -1 and comes back with the place of the kept box that suppressed a candidate.
template <class A>
struct NmsSweep {
  int64_t count;
  const A* x1;
  const A* y1;
  const A* x2;
  const A* y2;
  const A* area;
  uint8_t* suppressed;
  int64_t* suppressor;  // null: not asked for
  double threshold;
  double threshold_decay;
  int64_t max_outputs;  // negative: no limit
  NmsRule rule;
};

#define OPSBRIDGE_DECLARE(level)               \
  namespace level {                            \
  void nms_sweep(const NmsSweep<Half>&);       \
  void nms_sweep(const NmsSweep<BrainFloat>&); \
  void nms_sweep(const NmsSweep<float>&);      \
  void nms_sweep(const NmsSweep<double>&);     \
  }
OPSBRIDGE_FOR_EACH_LEVEL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

}  // namespace opsbridge
