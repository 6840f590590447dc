// One thread per box.
#include "ops/box_coder_device.h"
#include "ops/box_numbers_device.h"

namespace opsbridge {
namespace {

template <class T, class Code>
struct CodeRows {
  TensorView anchors, others, result;
  Code code;
  ReportStart start;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    start(row);
    const Four<T> made = code(exact_row<T>(anchors, row), exact_row<T>(others, row));
    for (int i = 0; i < 4; ++i) put_exact(result, 4 * row + i, made.value[i]);
  }
};

template <class T, class Code>
void code_rows(const Executor& on, Report* report, const BoxCoderCall& call, const Code& code) {
  const int64_t count = row_count(call.anchors);
  const ReportStart start = start_report(on, report, count, false);
  on.each(count, CodeRows<T, Code>{call.anchors, call.others, call.result, code, start});
}

template <class S, class Differentiate>
struct DifferentiateRows {
  TensorView anchors, others, incoming, of_anchors, of_others;
  Differentiate differentiate;
  ReportStart start;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    using T = Widened<S>;
    start(row);
    const CoderGradients<T> to =
        differentiate(cast<T>(exact_row<S>(anchors, row)), cast<T>(exact_row<S>(others, row)),
                      cast<T>(exact_row<S>(incoming, row)));
    for (int i = 0; i < 4; ++i) {
      put_exact(of_anchors, 4 * row + i, static_cast<S>(to.of_anchor.value[i]));
      put_exact(of_others, 4 * row + i, static_cast<S>(to.of_other.value[i]));
    }
  }
};

template <class S, class Differentiate>
void differentiate_rows(const Executor& on, Report* report, const BoxCoderCall& call,
                        const TensorView& of_anchors, const TensorView& of_others,
                        const Differentiate& differentiate) {
  const int64_t count = row_count(call.anchors);
  const ReportStart start = start_report(on, report, count, false);
  on.each(count, DifferentiateRows<S, Differentiate>{call.anchors, call.others, call.result,
                                                     of_anchors, of_others, differentiate, start});
}

}  // namespace

void box_encode_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                          const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    code_rows<decltype(zero)>(on, report, call, encode_row<decltype(zero)>(call, rule));
  });
}

void box_decode_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                          const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    code_rows<decltype(zero)>(on, report, call, decode_row<decltype(zero)>(call, rule));
  });
}

void box_encode_gradient_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                                   const TensorView& of_anchors, const TensorView& of_targets,
                                   const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    differentiate_rows<S>(on, report, call, of_anchors, of_targets,
                          encode_gradient_row<Widened<S>>(call, rule));
  });
}

void box_decode_gradient_on_device(const Executor& on, Report* report, const BoxCoderCall& call,
                                   const TensorView& of_anchors, const TensorView& of_offsets,
                                   const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) {
    using S = decltype(zero);
    differentiate_rows<S>(on, report, call, of_anchors, of_offsets,
                          decode_gradient_row<Widened<S>>(call, rule));
  });
}

}  // namespace opsbridge
