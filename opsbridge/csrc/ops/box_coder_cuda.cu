// One thread per box that is made, or per row of a gradient.
#include "ops/box_coder_device.h"
#include "ops/box_coder_grid.h"
#include "ops/box_numbers_device.h"

namespace opsbridge {
namespace {

template <class T, class Code>
struct CodeRows {
  TensorView anchors, others, result;
  CoderGrid grid;
  CoderDeviations<T, T> deviations;
  Code code;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const CoderPair pair = pair_at(grid, row);
    const Four<T> made = code(exact_row<T>(anchors, pair.anchor), exact_row<T>(others, pair.other),
                              deviations(pair.anchor));
    for (int i = 0; i < 4; ++i) put_exact(result, 4 * row + i, made.value[i]);
  }
};

template <class T, class Code>
void code_rows(const Executor& on, Report* report, const BoxCoderCall& call, const CoderGrid& grid,
               const Code& code) {
  const int64_t count = grid.outer * grid.inner;
  on.each(count, CodeRows<T, Code>{call.anchors, call.others, call.result, grid,
                                   deviations_of<T>(call), code});
}

template <class S, class T>
OPSBRIDGE_FN void put_row(const TensorView& view, int64_t row, const Four<T>& numbers) {
  for (int i = 0; i < 4; ++i) {
    put_exact(view, 4 * row + i, static_cast<S>(numbers.value[i]));
  }
}

// Sums in the order of the CPU. The rows of anchors come first, then those of the others; where
// each anchor meets one other alone, its thread writes both.
template <class S, class Differentiate>
struct DifferentiateRows {
  using T = Widened<S>;
  TensorView anchors, others, incoming, of_anchors, of_others;
  int64_t anchor_count;
  bool has_single_pairs;
  CoderGrid grid;
  CoderDeviations<S, T> deviations;
  Differentiate differentiate;

  OPSBRIDGE_MEMBER void operator()(int64_t thread) const {
    const bool is_anchor = thread < anchor_count;
    const int64_t index = is_anchor ? thread : thread - anchor_count;
    const CoderRows rows = rows_of(grid, is_anchor ? grid.anchor : grid.other, index);
    CoderGradients<T> sum{};
    for (int64_t i = 0; i < rows.count; ++i) {
      const int64_t row = rows.first + i * rows.step;
      const CoderPair pair = pair_at(grid, row);
      const CoderGradients<T> to = differentiate(
          cast<T>(exact_row<S>(anchors, pair.anchor)), cast<T>(exact_row<S>(others, pair.other)),
          deviations(pair.anchor), cast<T>(exact_row<S>(incoming, row)));
      add(to.of_anchor, sum.of_anchor);
      add(to.of_other, sum.of_other);
    }
    if (is_anchor) put_row<S>(of_anchors, index, sum.of_anchor);
    if (!is_anchor || has_single_pairs) put_row<S>(of_others, index, sum.of_other);
  }
};

template <class S, class Differentiate>
void differentiate_rows(const Executor& on, Report* report, const BoxCoderCall& call,
                        const TensorView& of_anchors, const TensorView& of_others,
                        const CoderGrid& grid, const Differentiate& differentiate) {
  using T = Widened<S>;
  const int64_t anchors = row_count(call.anchors), others = row_count(call.others);
  const bool has_single_pairs = grid.outer == 1 && anchors == others;
  const int64_t threads = has_single_pairs ? anchors : anchors + others;
  on.each(threads, DifferentiateRows<S, Differentiate>{
                       call.anchors, call.others, call.result, of_anchors, of_others, anchors,
                       has_single_pairs, grid, deviations_of<S, T>(call), differentiate});
}

}  // namespace

void box_encode_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                          const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using T = decltype(zero);
    code_rows<T>(on, report, call, grid_of(call, rule), encode_row<T>(call, rule));
  });
}

void box_decode_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                          const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using T = decltype(zero);
    code_rows<T>(on, report, call, grid_of(call, rule), decode_row<T>(call, rule));
  });
}

void box_encode_gradient_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                                   const TensorView& of_anchors, const TensorView& of_targets,
                                   const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    differentiate_rows<S>(on, report, call, of_anchors, of_targets, grid_of(call, rule),
                          EncodeGradientRow<Widened<S>>{rule});
  });
}

void box_decode_gradient_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                                   const TensorView& of_anchors, const TensorView& of_offsets,
                                   const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    differentiate_rows<S>(on, report, call, of_anchors, of_offsets, grid_of(call, rule),
                          decode_gradient_row<Widened<S>>(call, rule));
  });
}

}  // namespace opsbridge
