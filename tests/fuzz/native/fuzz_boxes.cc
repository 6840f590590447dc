// Overlaps of boxes, and the coders: every level gives the same numbers, those that the shared
// header gives for one pair at a time.
#include "drawn.h"
#include "levels.h"
#include "ops/box_coder_host.h"
#include "ops/box_iou.h"
#include "ops/box_iou_host.h"
#include "ops/paired_box.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

template <class T>
Four<T> four_of(const Tensor& tensor, int64_t row) {
  const T* const first = tensor.data<T>() + 4 * row;
  return {{first[0], first[1], first[2], first[3]}};
}

template <class T>
void overlap(Drawn& from, Dtype dtype) {
  BoxIouCall call;
  call.rule = decode_box_iou_rule(from.rule({4, 2, 4, 3, 2, 2, 2, 1, 2, 2}));
  const bool is_aligned = call.rule.pairing == Pairing::aligned;
  const int64_t count = from.below(40), others = is_aligned ? count : from.below(40);
  const bool swaps = !is_aligned && call.rule.result_order == ResultOrder::second_by_first;
  Tensor boxes = Tensor::drawn<T>(from, dtype, {count, 4});
  Tensor other_boxes = Tensor::drawn<T>(from, dtype, {others, 4});
  call.boxes = boxes.view();
  call.other_boxes = other_boxes.view();
  call.epsilon = 1e-7;
  call.threads = 1;
  const auto found = at_every_level([&] {
    Tensor result = is_aligned
                        ? Tensor::of(dtype, {count}, T(7))
                        : Tensor::of(dtype, {swaps ? others : count, swaps ? count : others}, T(7));
    call.result = result.view();
    expect(box_iou(call) == 0, "a row is refused");
    return numbers_of<T>(result);
  });
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = is_aligned ? i : 0; j < (is_aligned ? i + 1 : others); ++j) {
      const auto first = paired_box<T, T, T>(four_of<T>(boxes, i), call.rule);
      const auto second = paired_box<T, T, T>(four_of<T>(other_boxes, j), call.rule);
      const T expected = pair_measure<T, NanCorners::possible>(
          first, second, static_cast<T>(call.epsilon), call.rule);
      const int64_t place = is_aligned ? i : swaps ? j * count + i : i * others + j;
      expect(is_same(expected, found.values[size_t(place)]), "one pair alone gives another number");
    }
  }
}

template <class T>
void code(Drawn& from, Dtype dtype) {
  BoxCoderCall call;
  const bool decodes = from.coin();
  const BoxDecodeRule decoding = decode_box_decode_rule(from.rule({2, 1, 2, 2}));
  const BoxEncodeRule encoding = decode_box_encode_rule(from.rule({2, 2, 2, 2}));
  const int64_t count = from.below(20);
  Tensor anchors = Tensor::drawn<T>(from, dtype, {count, 4});
  Tensor others = Tensor::drawn<T>(from, dtype, {count, 4});
  call.anchors = anchors.view();
  call.others = others.view();
  call.anchor_deviations = kNoTensor;
  for (int i = 0; i < 4; ++i) {
    call.means[i] = static_cast<float>(from.below(8)) / 4;
    call.deviations[i] = static_cast<float>(1 + from.below(8)) / 4;
  }
  const bool is_cut = from.coin();
  call.height = is_cut ? 10 : std::numeric_limits<double>::quiet_NaN();
  call.width = is_cut ? 20 : std::numeric_limits<double>::quiet_NaN();
  call.ratio_clip = from.coin() ? 0.016 : std::numeric_limits<double>::quiet_NaN();
  const bool pairs = !decodes && encoding.pairing == Pairing::every_pair;
  Tensor result =
      pairs ? Tensor::of(dtype, {count, count, 4}, T(7)) : Tensor::of(dtype, {count, 4}, T(7));
  call.result = result.view();
  if (decodes) {
    box_decode(call, decoding);
  } else {
    box_encode(call, encoding);
  }
  if (pairs) return;
  const Four<T> deviations = settings<T>(call.deviations);
  for (int64_t row = 0; row < count; ++row) {
    const Four<T> anchor = four_of<T>(anchors, row), other = four_of<T>(others, row);
    const Four<T> expected = decodes ? decode_row<T>(call, decoding)(anchor, other, deviations)
                                     : encode_row<T>(call, encoding)(anchor, other, deviations);
    const Four<T> found = four_of<T>(result, row);
    for (int i = 0; i < 4; ++i) {
      expect(is_same(expected.value[i], found.value[i]), "one row alone gives other numbers");
    }
  }
}

}  // namespace
}  // namespace opsbridge

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  opsbridge::Drawn from(data, size);
  const opsbridge::Dtype dtype = from.floating();
  const bool codes = from.coin();
  opsbridge::with_floating_type(dtype, [&](auto zero) {
    if (codes) {
      opsbridge::code<decltype(zero)>(from, dtype);
    } else {
      opsbridge::overlap<decltype(zero)>(from, dtype);
    }
  });
  return 0;
}
