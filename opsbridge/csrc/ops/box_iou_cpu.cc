// Overlaps of boxes, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/box_iou_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

template <class C, class I, class A, class R>
R measure(const BoxIouJob<C, I, A, R>& job, const PairedBox<C, A, R>& outer, int64_t i,
          const BoxIouRule& rule) {
  const PairedBox<C, A, R> inner = box_at(job.inner, i, rule.measure == Measure::ciou);
  return job.outer_is_first ? pair_measure<I>(outer, inner, job.epsilon, rule)
                            : pair_measure<I>(inner, outer, job.epsilon, rule);
}

template <class C, class I, class A, class R>
void fill_rows(const BoxIouJob<C, I, A, R>& job, const BoxIouRule& rule, int64_t first,
               int64_t last) {
  const bool has_angle = rule.measure == Measure::ciou;
  for (int64_t row = first; row < last; ++row) {
    const PairedBox<C, A, R> outer = box_at(job.outer, row, has_angle);
    if (job.inner_count < 0) {
      job.result[row] = measure(job, outer, row, rule);
      continue;
    }
    R* result = job.result + row * job.inner_count;
    for (int64_t i = 0; i < job.inner_count; ++i) result[i] = measure(job, outer, i, rule);
  }
}

}  // namespace

template <class C, class I, class A, class R>
void box_iou(const BoxIouJob<C, I, A, R>& job, int64_t first, int64_t last) {
  // A constant measure lets the compiler drop the switch from the inner loop.
  BoxIouRule rule = job.rule;
  switch (job.rule.measure) {
    case Measure::iou:
      rule.measure = Measure::iou;
      return fill_rows(job, rule, first, last);
    case Measure::giou:
      rule.measure = Measure::giou;
      return fill_rows(job, rule, first, last);
    case Measure::diou:
      rule.measure = Measure::diou;
      return fill_rows(job, rule, first, last);
    case Measure::ciou:
      rule.measure = Measure::ciou;
      return fill_rows(job, rule, first, last);
  }
}

#define OPSBRIDGE_INSTANTIATE(C, I, A, R) \
  template void box_iou(const BoxIouJob<C, I, A, R>&, int64_t, int64_t);
OPSBRIDGE_INSTANTIATE(float, float, float, float)
OPSBRIDGE_INSTANTIATE(double, double, double, double)
OPSBRIDGE_INSTANTIATE(Half, Half, Half, Half)
OPSBRIDGE_INSTANTIATE(BrainFloat, BrainFloat, BrainFloat, BrainFloat)
OPSBRIDGE_INSTANTIATE(Half, float, float, float)
OPSBRIDGE_INSTANTIATE(BrainFloat, float, float, float)
OPSBRIDGE_INSTANTIATE(int64_t, int64_t, int64_t, float)
OPSBRIDGE_INSTANTIATE(float, float, int64_t, float)
#undef OPSBRIDGE_INSTANTIATE

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
