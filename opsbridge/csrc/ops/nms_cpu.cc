// The suppression sweep, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/nms.h"
#include "ops/nms_levels.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

template <class A>
Box<A> box_at(const NmsSweep<A>& sweep, int64_t i) {
  return Box<A>{sweep.x1[i], sweep.y1[i], sweep.x2[i], sweep.y2[i], sweep.area[i]};
}

// No branch depends on the data, so the loops run in vectors.
template <class A>
void suppress_after(const NmsSweep<A>& sweep, int64_t kept, double threshold, NmsRule rule) {
  const Box<A> winner = box_at(sweep, kept);
  uint8_t* suppressed = sweep.suppressed;
  int64_t* suppressor = sweep.suppressor;
  if (suppressor != nullptr) {
    for (int64_t i = kept + 1; i < sweep.count; ++i) {
      const bool drops = suppresses(winner, box_at(sweep, i), threshold, rule);
      suppressor[i] = drops & (suppressor[i] < 0) ? kept : suppressor[i];
    }
  }
  for (int64_t i = kept + 1; i < sweep.count; ++i) {
    suppressed[i] |= suppresses(winner, box_at(sweep, i), threshold, rule);
  }
}

// A falling threshold counts for a candidate as it stands at its turn, against every kept box, also
// those beyond the most that are wanted.
template <class A>
void sweep_with_decay(const NmsSweep<A>& sweep, NmsRule rule) {
  double threshold = sweep.threshold;
  for (int64_t i = 0; i < sweep.count; ++i) {
    if (may_end_at(i)) return;
    bool drops = false;
    for (int64_t j = 0; j < i && !drops; ++j) {
      drops =
          !sweep.suppressed[j] && suppresses(box_at(sweep, j), box_at(sweep, i), threshold, rule);
      if (drops && sweep.suppressor != nullptr) sweep.suppressor[i] = j;
    }
    sweep.suppressed[i] = drops;
    if (!drops && threshold > 0.5) {
      threshold = held_threshold<A>(threshold * sweep.threshold_decay, rule.threshold_type);
    }
  }
  int64_t kept = 0;
  for (int64_t i = 0; i < sweep.count; ++i) {
    if (!sweep.suppressed[i] && kept++ >= sweep.max_outputs && sweep.max_outputs >= 0) {
      sweep.suppressed[i] = 1;
    }
  }
}

template <class A>
void sweep_with(const NmsSweep<A>& sweep, Comparison comparison) {
  // A constant comparison lets the compiler drop the switch from the inner loop.
  NmsRule rule = sweep.rule;
  rule.comparison = comparison;
  if (sweep.threshold_decay < 1) return sweep_with_decay(sweep, rule);
  int64_t kept = 0;
  for (int64_t i = 0; i < sweep.count; ++i) {
    if (kept == sweep.max_outputs) {
      sweep.suppressed[i] = 1;
      continue;
    }
    if (may_end_at(i)) return;
    if (sweep.suppressed[i]) continue;
    ++kept;
    suppress_after(sweep, i, sweep.threshold, rule);
  }
}

template <class A>
void run_sweep(const NmsSweep<A>& sweep) {
  switch (sweep.rule.comparison) {
    case Comparison::greater:
      return sweep_with(sweep, Comparison::greater);
    case Comparison::greater_equal:
      return sweep_with(sweep, Comparison::greater_equal);
    case Comparison::multiplied:
      return sweep_with(sweep, Comparison::multiplied);
    case Comparison::one_minus:
      return sweep_with(sweep, Comparison::one_minus);
  }
}

}  // namespace

void nms_sweep(const NmsSweep<Half>& sweep) { run_sweep(sweep); }
void nms_sweep(const NmsSweep<BrainFloat>& sweep) { run_sweep(sweep); }
void nms_sweep(const NmsSweep<float>& sweep) { run_sweep(sweep); }
void nms_sweep(const NmsSweep<double>& sweep) { run_sweep(sweep); }

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
