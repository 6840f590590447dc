#include "ops/box_coder_host.h"

#include "ops/box_coder_grid.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

template <class T, class Code>
void code_rows(const BoxCoderCall& call, const CoderGrid& grid, const Code& code) {
  const CoderDeviations<T, T> deviations = deviations_of<T>(call);
  for_each_pair(grid, [&](int64_t row, const CoderPair& pair) {
    const Four<T> made = code(read_row<T>(call.anchors, pair.anchor),
                              read_row<T>(call.others, pair.other), deviations(pair.anchor));
    T* result = result_row<T>(call.result, row, 4);
    for (int i = 0; i < 4; ++i) result[i] = made.value[i];
  });
}

}  // namespace

void box_encode(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using T = decltype(zero);
    code_rows<T>(call, grid_of(call, rule), encode_row<T>(call, rule));
  });
}

void box_decode(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using T = decltype(zero);
    code_rows<T>(call, grid_of(call, rule), decode_row<T>(call, rule));
  });
}

}  // namespace opsbridge
