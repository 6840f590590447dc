#include "ops/box_coder_host.h"

#include <cmath>

#include "ops/box_coder.h"
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

// Frameworks hold their settings in float32, whatever the boxes are.
template <class T>
T setting(double value) {
  return static_cast<T>(static_cast<float>(value));
}

template <class T>
Four<T> encoded(const CentredBox<T>& anchor, const CentredBox<T>& target) {
  return {{(target.x - anchor.x) / anchor.width, (target.y - anchor.y) / anchor.height,
           logarithm(target.width / anchor.width), logarithm(target.height / anchor.height)}};
}

template <class T>
void encode(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  for (int64_t row = 0, count = row_count(call.anchors); row < count; ++row) {
    const Four<T> offsets = encoded(centred(read_row<T>(call.anchors, row).value, rule.box_offset),
                                    centred(read_row<T>(call.others, row).value, rule.box_offset));
    T* result = result_row<T>(call.result, row, 4);
    for (int i = 0; i < 4; ++i) {
      result[i] =
          normalised(offsets.value[i], setting<T>(call.means[i]), setting<T>(call.deviations[i]));
    }
  }
}

template <class T>
Four<T> moved(const CentredBox<T>& anchor, const Four<T>& offsets, T clip, BoxOffset offset) {
  const T half = T(0.5);
  const T width = exponential(within(offsets.value[2], clip)) * anchor.width;
  const T height = exponential(within(offsets.value[3], clip)) * anchor.height;
  const T x = offsets.value[0] * anchor.width + anchor.x;
  const T y = offsets.value[1] * anchor.height + anchor.y;
  const T inset = offset == BoxOffset::one ? half : T(0);
  return {{(x - width * half) + inset, (y - height * half) + inset, (x + width * half) - inset,
           (y + height * half) - inset}};
}

template <class T>
void decode(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  const T clip = static_cast<T>(std::fabs(std::log(static_cast<float>(call.ratio_clip))));
  const T size[2] = {static_cast<T>(call.width), static_cast<T>(call.height)};
  for (int64_t row = 0, count = row_count(call.anchors); row < count; ++row) {
    Four<T> offsets = read_row<T>(call.others, row);
    for (int i = 0; i < 4; ++i) {
      offsets.value[i] =
          offsets.value[i] * setting<T>(call.deviations[i]) + setting<T>(call.means[i]);
    }
    const CentredBox<T> anchor = centred(read_row<T>(call.anchors, row).value, rule.box_offset);
    const Four<T> box = moved(anchor, offsets, clip, rule.box_offset);
    T* result = result_row<T>(call.result, row, 4);
    for (int i = 0; i < 4; ++i) result[i] = on_image(box.value[i], size[i % 2]);
  }
}

}  // namespace

void box_encode(const BoxCoderCall& call, const BoxEncodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) { encode<decltype(zero)>(call, rule); });
}

void box_decode(const BoxCoderCall& call, const BoxDecodeRule& rule) {
  with_floating_type(call.anchors.dtype, [&](auto zero) { decode<decltype(zero)>(call, rule); });
}

}  // namespace opsbridge
