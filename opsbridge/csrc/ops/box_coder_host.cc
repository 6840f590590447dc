#include "ops/box_coder_host.h"

#include "ops/box_coder.h"
#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

template <class T, class Code>
void code_rows(const BoxCoderCall& call, const Code& code) {
  for (int64_t row = 0, count = row_count(call.anchors); row < count; ++row) {
    const Four<T> made = code(read_row<T>(call.anchors, row), read_row<T>(call.others, row));
    T* result = result_row<T>(call.result, row, 4);
    for (int i = 0; i < 4; ++i) result[i] = made.value[i];
  }
}

}  // namespace

void box_encode(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    code_rows<decltype(zero)>(call, encode_row<decltype(zero)>(call, rule));
  });
}

void box_decode(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    code_rows<decltype(zero)>(call, decode_row<decltype(zero)>(call, rule));
  });
}

}  // namespace opsbridge
