#include "ops/box_coder_gradients_host.h"

#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

template <class S, class T>
void write_row(const TensorView& view, int64_t row, const Four<T>& numbers) {
  S* result = result_row<S>(view, row, 4);
  for (int i = 0; i < 4; ++i) result[i] = static_cast<S>(numbers.value[i]);
}

template <class S, class Differentiate>
void for_each_row(const BoxCoderCall& call, const TensorView& of_anchors,
                  const TensorView& of_others, const Differentiate& differentiate) {
  using T = Widened<S>;
  for (int64_t row = 0, count = row_count(call.anchors); row < count; ++row) {
    const CoderGradients<T> to = differentiate(cast<T>(read_row<S>(call.anchors, row)),
                                               cast<T>(read_row<S>(call.others, row)),
                                               cast<T>(read_row<S>(call.result, row)));
    write_row<S>(of_anchors, row, to.of_anchor);
    write_row<S>(of_others, row, to.of_other);
  }
}

}  // namespace

void box_encode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_targets, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    for_each_row<S>(call, of_anchors, of_targets, encode_gradient_row<Widened<S>>(call, rule));
  });
}

void box_decode_gradient(const BoxCoderCall& call, const TensorView& of_anchors,
                         const TensorView& of_offsets, const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    for_each_row<S>(call, of_anchors, of_offsets, decode_gradient_row<Widened<S>>(call, rule));
  });
}

}  // namespace opsbridge
