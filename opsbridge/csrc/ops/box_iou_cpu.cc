// Overlaps of boxes, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/box_iou_levels.h"
#include "ops/lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// The header's arithmetic on a vector of pairs at a time. Integers, whose areas and results differ
// in width, go one by one.
template <class C, class I, class A, class R>
struct Pairs {
  static constexpr bool kInLanes = !std::is_integral_v<A>;
  template <class T>
  using Many = std::conditional_t<kInLanes, Lanes<T>, T>;
  using Boxes = PairedBox<Many<C>, Many<A>, Many<R>>;
  static constexpr int64_t kCount = kInLanes ? kLanes<Column<R>> : 1;

  template <class T, bool repeated>
  OPSBRIDGE_MEMBER static Many<T> read(const Column<T>* from) {
    if constexpr (!kInLanes) {
      return *from;
    } else if constexpr (repeated) {
      return Lanes<T>(all_lanes(*from));
    } else {
      return Lanes<T>(load_lanes(from));
    }
  }

  // The boxes from i on or, repeated, box i alone.
  template <bool repeated>
  OPSBRIDGE_MEMBER static Boxes at(const BoxColumns<C, A, R>& boxes, int64_t i, bool has_angle) {
    return {read<C, repeated>(boxes.x1 + i),
            read<C, repeated>(boxes.y1 + i),
            read<C, repeated>(boxes.x2 + i),
            read<C, repeated>(boxes.y2 + i),
            read<A, repeated>(boxes.area + i),
            has_angle ? read<R, repeated>(boxes.angle + i) : Many<R>(0)};
  }

  template <NanCorners nans>
  OPSBRIDGE_MEMBER static Many<R> measure(const BoxIouJob<C, I, A, R>& job, const Boxes& outer,
                                          int64_t i, const BoxIouRule& rule) {
    const Boxes inner = at<false>(job.inner, i, rule.measure == Measure::ciou);
    const Many<R> epsilon = Many<R>(job.epsilon);
    return job.outer_is_first ? pair_measure<Many<I>, nans>(outer, inner, epsilon, rule)
                              : pair_measure<Many<I>, nans>(inner, outer, epsilon, rule);
  }
};

template <class R>
OPSBRIDGE_FN void store(R* to, R number, int64_t) {
  *to = number;
}

template <class R>
OPSBRIDGE_FN void store(R* to, Lanes<R> numbers, int64_t count) {
  if (count < Lanes<R>::kCount) {
    R all[Lanes<R>::kCount];
    store_numbers(all, numbers);
    for (int64_t i = 0; i < count; ++i) to[i] = all[i];
  } else {
    store_numbers(to, numbers);
  }
}

template <NanCorners nans, class C, class I, class A, class R>
OPSBRIDGE_FN void fill_rows(const BoxIouJob<C, I, A, R>& job, const BoxIouRule& rule, int64_t first,
                            int64_t last) {
  using P = Pairs<C, I, A, R>;
  const bool has_angle = rule.measure == Measure::ciou;
  const int64_t width = job.inner_count;
  for (int64_t row = first; row < last; ++row) {
    const typename P::Boxes outer = P::template at<true>(job.outer, row, has_angle);
    R* result = job.result + row * width;
    int64_t i = 0;
    if constexpr (P::kInLanes && sizeof(R) >= 4) {
      if (job.streams) {
        i = smaller(lanes_to_boundary(result), width);
        if (i > 0) store(result, P::template measure<nans>(job, outer, 0, rule), i);
        for (; i + P::kCount <= width; i += P::kCount) {
          stream_lanes(result + i, P::template measure<nans>(job, outer, i, rule).value);
        }
      }
    }
    for (; i + P::kCount <= width; i += P::kCount) {
      store(result + i, P::template measure<nans>(job, outer, i, rule), P::kCount);
    }
    if (i < width) store(result + i, P::template measure<nans>(job, outer, i, rule), width - i);
  }
  if (job.streams) end_streaming();
}

template <NanCorners nans, class C, class I, class A, class R>
OPSBRIDGE_FN void fill_aligned(const BoxIouJob<C, I, A, R>& job, const BoxIouRule& rule,
                               int64_t first, int64_t last) {
  using P = Pairs<C, I, A, R>;
  const bool has_angle = rule.measure == Measure::ciou;
  for (int64_t i = first; i < last; i += P::kCount) {
    const typename P::Boxes outer = P::template at<false>(job.outer, i, has_angle);
    store(job.result + i, P::template measure<nans>(job, outer, i, rule), last - i);
  }
}

template <NanCorners nans, class C, class I, class A, class R>
OPSBRIDGE_FN void fill(const BoxIouJob<C, I, A, R>& job, const BoxIouRule& rule, int64_t first,
                       int64_t last) {
  return job.inner_count < 0 ? fill_aligned<nans>(job, rule, first, last)
                             : fill_rows<nans>(job, rule, first, last);
}

// Constant axes let the compiler drop the tests of them from the inner loop: the measure always,
// the others where they are the usual ones.
template <class C, class I, class A, class R>
void fill_by(const BoxIouJob<C, I, A, R>& job, Measure measure, int64_t first, int64_t last) {
  BoxIouRule rule = job.rule;
  rule.measure = measure;
  if (job.nans == NanCorners::possible) {
    return fill<NanCorners::possible>(job, rule, first, last);
  }
  const bool is_usual = rule.box_offset == BoxOffset::zero &&
                        rule.denominator == Denominator::union_area &&
                        rule.denominator_epsilon == DenominatorEpsilon::none &&
                        rule.nan_corner == NanCorner::spreads &&
                        rule.longest_side == LongestSide::unlimited && job.outer_is_first;
  if (!is_usual) return fill<NanCorners::none>(job, rule, first, last);
  BoxIouJob<C, I, A, R> usual = job;
  usual.outer_is_first = true;
  rule.box_offset = BoxOffset::zero;
  rule.denominator = Denominator::union_area;
  rule.denominator_epsilon = DenominatorEpsilon::none;
  rule.nan_corner = NanCorner::spreads;
  rule.longest_side = LongestSide::unlimited;
  fill<NanCorners::none>(usual, rule, first, last);
}

}  // namespace

template <class C, class I, class A, class R>
void box_iou(const BoxIouJob<C, I, A, R>& job, int64_t first, int64_t last) {
  switch (job.rule.measure) {
    case Measure::iou:
      return fill_by(job, Measure::iou, first, last);
    case Measure::giou:
      return fill_by(job, Measure::giou, first, last);
    case Measure::diou:
      return fill_by(job, Measure::diou, first, last);
    case Measure::ciou:
      return fill_by(job, Measure::ciou, first, last);
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
