// Overlaps in one launch. A block of threads has a tile of the result: the boxes of its rows lie in
// shared memory, those of its columns in registers, both with areas (and angles) computed once per
// tile, so that little but the result goes through memory.
#include "ops/box_broadcast.h"
#include "ops/box_iou_device.h"
#include "ops/box_iou_tiles_device.h"
#include "ops/paired_box.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// Integers are widened first; a refused box has this in the place of its first number, and then
// this area, which no box has.
constexpr int64_t kRefused = INT64_MIN;

template <class S>
struct WidenBoxes {
  TensorView boxes;
  int64_t* widened;
  unsigned long long reason;  // boxes are told before other_boxes
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    Four<int64_t> box = read_row<S>(boxes, row);
    if (!is_within_bound(box)) {
      lower_word(&report->refused, static_cast<unsigned long long>(row) * 16 + reason);
      box.value[0] = kRefused;
    }
    for (int i = 0; i < 4; ++i) widened[4 * row + i] = box.value[i];
  }
};

constexpr unsigned long long kInBoxes = 1;
constexpr unsigned long long kInOtherBoxes = kToldLater + 2;

// Both sets, which matrices of them belong to a matrix of the result, and how pairs are measured.
template <class S, class Types>
struct Pairs {
  using C = typename Types::Corner;
  using I = typename Types::Length;
  using A = typename Types::Area;
  using R = typename Types::Result;
  using Boxed = PairedBox<C, A, R>;

  TensorView boxes, other_boxes, shape_of_result;
  int leading;
  int64_t matrices;
  R epsilon;
  BoxIouRule rule;
  R* result;

  OPSBRIDGE_MEMBER const S* start(const TensorView& view, int64_t matrix) const {
    const S* data = static_cast<const S*>(view.data);
    if (matrices == 1) return data;
    return data + row_offset(view, broadcast_row(view, shape_of_result, leading, matrix));
  }

  OPSBRIDGE_MEMBER Boxed box_at(const TensorView& view, const S* start, int64_t row,
                                const BoxIouRule& fixed) const {
    const Four<Exact<S>> four =
        four_at(start + row * view.strides[view.rank - 2], view.strides[view.rank - 1]);
    if constexpr (std::is_integral_v<S>) {
      if (four.value[0] == kRefused) return Boxed{C(0), C(0), C(0), C(0), kRefused, R(0)};
    }
    return paired_box<C, A, R>(four, fixed);
  }

  template <NanCorners nans>
  OPSBRIDGE_MEMBER R measure(const Boxed& a, const Boxed& b, const BoxIouRule& fixed) const {
    if constexpr (std::is_integral_v<A>) {
      if (a.area == kRefused || b.area == kRefused) return R(NAN);
    }
    return pair_measure<I, nans>(a, b, epsilon, fixed);
  }
};

// A usual rule is constant but for its measure, so the loop has no tests of it; a NaN then tells by
// the area of its box.
template <Measure usual>
OPSBRIDGE_FN BoxIouRule usual_rule(const BoxIouRule& rule) {
  return BoxIouRule{rule.layout,
                    BoxOffset::zero,
                    usual,
                    Denominator::union_area,
                    DenominatorEpsilon::none,
                    Pairing::every_pair,
                    ResultOrder::first_by_second,
                    rule.widening,
                    NanCorner::spreads,
                    LongestSide::unlimited};
}

inline bool is_usual(const BoxIouRule& rule) {
  return rule.box_offset == BoxOffset::zero && rule.denominator == Denominator::union_area &&
         rule.denominator_epsilon == DenominatorEpsilon::none &&
         rule.nan_corner == NanCorner::spreads && rule.longest_side == LongestSide::unlimited &&
         rule.result_order == ResultOrder::first_by_second;
}

struct AnyRule {
  static constexpr NanCorners kNans = NanCorners::possible;
  OPSBRIDGE_MEMBER static BoxIouRule of(const BoxIouRule& rule) { return rule; }
};

template <Measure measure>
struct UsualRule {
  static constexpr NanCorners kNans = NanCorners::none;
  OPSBRIDGE_MEMBER static BoxIouRule of(const BoxIouRule& rule) {
    return usual_rule<measure>(rule);
  }
};

template <class S, class Types, class Rule>
struct FillTile {
  using P = Pairs<S, Types>;
  using Boxed = typename P::Boxed;
  using R = typename P::R;
  struct Shared {
    Boxed rows[kThreadsPerBlock];
  };

  P pairs;
  IouTiles tiles;

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t tile) const {
    const BoxIouRule rule = Rule::of(pairs.rule);
    const bool first_is_outer = rule.result_order == ResultOrder::first_by_second;
    const TensorView& outer = first_is_outer ? pairs.boxes : pairs.other_boxes;
    const TensorView& inner = first_is_outer ? pairs.other_boxes : pairs.boxes;
    const int64_t height = outer.shape[outer.rank - 2], width = inner.shape[inner.rank - 2];
    const Division across = divided(tile, tiles.tiles_across);
    const Division down = divided(across.quotient, tiles.tiles_down);
    const int64_t top = down.remainder * tiles.rows;
    const int rows = static_cast<int>(smaller(height - top, int64_t(tiles.rows)));
    threads.each([&](int thread) {
      if (thread >= rows) return;
      const S* start = pairs.start(outer, down.quotient);
      shared.rows[thread] = pairs.box_at(outer, start, top + thread, rule);
    });
    threads.each([&](int thread) {
      const S* start = pairs.start(inner, down.quotient);
      const int first = thread / tiles.across;
      const int64_t column = across.remainder * tiles.columns + thread % tiles.across;
      Boxed own[kColumnsPerThread];
      for (int k = 0; k < kColumnsPerThread; ++k) {
        const int64_t place = column + k * tiles.across;
        if (place < width) own[k] = pairs.box_at(inner, start, place, rule);
      }
      R* out = pairs.result + (down.quotient * height + top + first) * width + column;
      const int64_t step = tiles.rows_at_once() * width;
      for (int row = first; row < rows; row += tiles.rows_at_once(), out += step) {
        const Boxed box = shared.rows[row];
        for (int k = 0; k < kColumnsPerThread; ++k) {
          if (column + k * tiles.across >= width) continue;
          out[k * tiles.across] = first_is_outer
                                      ? pairs.template measure<Rule::kNans>(box, own[k], rule)
                                      : pairs.template measure<Rule::kNans>(own[k], box, rule);
        }
      }
    });
  }
};

template <class S, class Types>
struct MeasureAligned {
  Pairs<S, Types> pairs;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const TensorView& boxes = pairs.boxes;
    const TensorView& others = pairs.other_boxes;
    const Division at = divided(i, boxes.shape[boxes.rank - 2]);
    const auto box = pairs.box_at(boxes, pairs.start(boxes, at.quotient), at.remainder, pairs.rule);
    const auto other =
        pairs.box_at(others, pairs.start(others, at.quotient), at.remainder, pairs.rule);
    pairs.result[i] = pairs.template measure<NanCorners::possible>(box, other, pairs.rule);
  }
};

template <class S, class Types, class Rule>
void fill_tiles(const Executor& on, const Pairs<S, Types>& pairs) {
  const int64_t count = pairs.boxes.shape[pairs.boxes.rank - 2];
  const int64_t others = pairs.other_boxes.shape[pairs.other_boxes.rank - 2];
  const bool first_is_outer = pairs.rule.result_order == ResultOrder::first_by_second;
  const IouTiles tiles =
      iou_tiles(first_is_outer ? count : others, first_is_outer ? others : count, pairs.matrices);
  on.each_block(tiles.tiles_down * tiles.tiles_across * pairs.matrices,
                FillTile<S, Types, Rule>{pairs, tiles});
}

// Kernels of their own have the boxes and the measures that are measured most.
template <class S, class Types>
void fill(const Executor& on, const Pairs<S, Types>& pairs) {
  const BoxIouRule& rule = pairs.rule;
  if constexpr (!std::is_integral_v<S> && sizeof(typename Types::Result) > 2) {
    if (rule.pairing == Pairing::every_pair && is_usual(rule)) {
      if (rule.measure == Measure::iou) {
        return fill_tiles<S, Types, UsualRule<Measure::iou>>(on, pairs);
      }
      if (rule.measure == Measure::giou) {
        return fill_tiles<S, Types, UsualRule<Measure::giou>>(on, pairs);
      }
    }
  }
  if (rule.pairing == Pairing::every_pair) {
    return fill_tiles<S, Types, AnyRule>(on, pairs);
  }
  const int64_t count = pairs.boxes.shape[pairs.boxes.rank - 2];
  on.each(pairs.matrices * count, MeasureAligned<S, Types>{pairs});
}

template <class S>
void run(const Executor& on, const BoxIouCall& call) {
  with_iou_types<S>(call.rule, [&](auto types) {
    using Types = decltype(types);
    using R = typename Types::Result;
    fill<S, Types>(
        on, Pairs<S, Types>{call.boxes, call.other_boxes, call.result,
                            leading_axes(call.result, call.rule),
                            matrix_count(call.result, call.rule), static_cast<R>(call.epsilon),
                            call.rule, static_cast<R*>(call.result.data)});
  });
}

// The rows of `boxes` one after the other, as int64.
TensorView packed(const TensorView& boxes, int64_t* memory) {
  TensorView view = boxes;
  view.data = memory;
  view.dtype = Dtype::int64;
  int64_t step = 1;
  for (int axis = view.rank - 1; axis >= 0; --axis) {
    view.strides[axis] = step;
    step *= view.shape[axis];
  }
  return view;
}

template <class S>
void run_integers(const Executor& on, Workspace& workspace, Report* report,
                  const BoxIouCall& call) {
  const int64_t count = row_count(call.boxes), others = row_count(call.other_boxes);
  int64_t* boxes = workspace.take<int64_t>(4 * count);
  int64_t* other_boxes = workspace.take<int64_t>(4 * others);
  if (workspace.is_counting()) return;
  on.each(count, WidenBoxes<S>{call.boxes, boxes, kInBoxes, report});
  on.each(others, WidenBoxes<S>{call.other_boxes, other_boxes, kInOtherBoxes, report});
  BoxIouCall widened = call;
  widened.boxes = packed(call.boxes, boxes);
  widened.other_boxes = packed(call.other_boxes, other_boxes);
  run<int64_t>(on, widened);
}

bool is_empty(const TensorView& view) {
  for (int axis = 0; axis < view.rank; ++axis) {
    if (view.shape[axis] == 0) return true;
  }
  return false;
}

}  // namespace

void box_iou_on_device(const Executor& on, Workspace& workspace, Report* report,
                       const BoxIouCall& call) {
  with_number_type(call.boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    if constexpr (std::is_integral_v<S>) {
      run_integers<S>(on, workspace, report, call);
    } else if (!workspace.is_counting() && !is_empty(call.result)) {
      run<S>(on, call);
    }
  });
}

}  // namespace opsbridge
