#include "ops/box_coder_gradients_host.h"

#include <vector>

#include "ops/box_coder_grid.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

template <class S, class T>
void write_rows(const TensorView& view, const std::vector<Four<T>>& rows) {
  for (size_t row = 0; row < rows.size(); ++row) {
    S* result = result_row<S>(view, static_cast<int64_t>(row), 4);
    for (int i = 0; i < 4; ++i) result[i] = static_cast<S>(rows[row].value[i]);
  }
}

// A row may meet several others, so that its gradient is a sum.
template <class S, class Differentiate>
void differentiate_rows(const BoxCoderCall& call, const TensorView& of_anchors,
                        const TensorView& of_others, const CoderGrid& grid,
                        const Differentiate& differentiate) {
  using T = Widened<S>;
  std::vector<Four<T>> anchor_sums(static_cast<size_t>(row_count(call.anchors)), Four<T>{});
  std::vector<Four<T>> other_sums(static_cast<size_t>(row_count(call.others)), Four<T>{});
  const CoderDeviations<S, T> deviations = deviations_of<S, T>(call);
  for_each_pair(grid, [&](int64_t row, const CoderPair& pair) {
    const CoderGradients<T> to =
        differentiate(cast<T>(read_row<S>(call.anchors, pair.anchor)),
                      cast<T>(read_row<S>(call.others, pair.other)), deviations(pair.anchor),
                      cast<T>(read_row<S>(call.result, row)));
    add(to.of_anchor, anchor_sums[static_cast<size_t>(pair.anchor)]);
    add(to.of_other, other_sums[static_cast<size_t>(pair.other)]);
  });
  write_rows<S>(of_anchors, anchor_sums);
  write_rows<S>(of_others, other_sums);
}

}  // namespace

void box_encode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_targets, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    differentiate_rows<S>(call, of_anchors, of_targets, grid_of(call, rule),
                          EncodeGradientRow<Widened<S>>{rule});
  });
}

void box_decode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_offsets, const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    differentiate_rows<S>(call, of_anchors, of_offsets, grid_of(call, rule),
                          decode_gradient_row<Widened<S>>(call, rule));
  });
}

}  // namespace opsbridge
