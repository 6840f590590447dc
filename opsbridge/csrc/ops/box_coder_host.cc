#include "ops/box_coder_host.h"

#include <cmath>

#include "ops/box_coder.h"
#include "ops/box_coder_grid.h"
#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// 16-bit floats go through the functions of float32, as in the frameworks.
template <class T>
T logarithm(T value) {
  if constexpr (sizeof(T) == 8) return std::log(value);
  return static_cast<T>(std::log(static_cast<float>(value)));
}

template <class T>
T exponential(T value) {
  if constexpr (sizeof(T) == 8) return std::exp(value);
  return static_cast<T>(std::exp(static_cast<float>(value)));
}

template <class T>
Four<T> encoded(const CentredBox<T>& anchor, const CentredBox<T>& target, SideRatio side_ratio) {
  T width = target.width / anchor.width, height = target.height / anchor.height;
  if (side_ratio == SideRatio::absolute) {
    width = larger(width, T(0) - width);
    height = larger(height, T(0) - height);
  }
  return {{(target.x - anchor.x) / anchor.width, (target.y - anchor.y) / anchor.height,
           logarithm(width), logarithm(height)}};
}

template <class T>
void encode(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  const Four<T> means = settings<T>(call.means), shared = settings<T>(call.deviations);
  for_each_pair(grid_of(call, rule), [&](int64_t row, int64_t anchor, int64_t target) {
    const Four<T> offsets = encoded(
        centred(read_row<T>(call.anchors, anchor).value, rule.box_offset, rule.anchor_centre),
        centred(read_row<T>(call.others, target).value, rule.box_offset), rule.side_ratio);
    const Four<T> deviations = deviations_of<T, T>(call, anchor, shared);
    T* result = result_row<T>(call.result, row, 4);
    for (int i = 0; i < 4; ++i) {
      result[i] = normalised(offsets.value[i], means.value[i], deviations.value[i]);
    }
  });
}

template <class T>
Four<T> moved(const CentredBox<T>& anchor, const Four<T>& offsets, T clip, const Insets<T>& inset) {
  const T half = T(0.5);
  const T width = exponential(within(offsets.value[2], clip)) * anchor.width;
  const T height = exponential(within(offsets.value[3], clip)) * anchor.height;
  const T x = offsets.value[0] * anchor.width + anchor.x;
  const T y = offsets.value[1] * anchor.height + anchor.y;
  return {{(x - width * half) + inset.low, (y - height * half) + inset.low,
           (x + width * half) - inset.high, (y + height * half) - inset.high}};
}

template <class T>
void decode(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  const T clip = bound_of<T>(call.ratio_clip);
  const T size[2] = {static_cast<T>(call.width), static_cast<T>(call.height)};
  const bool is_cut = !std::isnan(call.width);
  const Four<T> means = settings<T>(call.means), shared = settings<T>(call.deviations);
  for_each_pair(grid_of(call, rule), [&](int64_t row, int64_t anchor, int64_t other) {
    Four<T> offsets = read_row<T>(call.others, other);
    const Four<T> deviations = deviations_of<T, T>(call, anchor, shared);
    for (int i = 0; i < 4; ++i) {
      offsets.value[i] = offsets.value[i] * deviations.value[i] + means.value[i];
    }
    const Four<T> box =
        moved(centred(read_row<T>(call.anchors, anchor).value, rule.box_offset, rule.anchor_centre),
              offsets, clip, insets<T>(rule));
    T* result = result_row<T>(call.result, row, 4);
    for (int i = 0; i < 4; ++i) {
      result[i] = is_cut ? on_image(box.value[i], size[i % 2]) : box.value[i];
    }
  });
}

}  // namespace

void box_encode(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) { encode<decltype(zero)>(call, rule); });
}

void box_decode(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) { decode<decltype(zero)>(call, rule); });
}

}  // namespace opsbridge
