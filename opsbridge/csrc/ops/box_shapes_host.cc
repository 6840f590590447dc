#include "ops/box_shapes_host.h"

#include <limits>

#include "ops/box_row_maps.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

template <class S>
bool fits(int64_t value) {
  return value >= static_cast<int64_t>(std::numeric_limits<S>::min()) &&
         value <= static_cast<int64_t>(std::numeric_limits<S>::max());
}

template <class S, class T>
bool fits(const Four<T>& four) {
  if constexpr (std::is_integral_v<S>) {
    for (const T value : four.value) {
      if (!fits<S>(value)) return false;
    }
  }
  return true;
}

// Computes all rows twice, so that nothing is written where one of them is refused.
template <class S, class D, class Compute>
int64_t map_rows(const TensorView& boxes, const TensorView& result, Compute compute) {
  const int64_t count = row_count(boxes);
  if constexpr (std::is_integral_v<S>) {
    for (int64_t row = 0; row < count; ++row) {
      const Four<Exact<S>> box = read_row<S>(boxes, row);
      if (!is_summable(box) || !fits<D>(compute(box))) return refused_row(row, kLeavesDtype);
    }
  }
  for (int64_t row = 0; row < count; ++row) {
    const auto computed = compute(read_row<S>(boxes, row));
    D* destination = result_row<D>(result, row, 4);
    for (int i = 0; i < 4; ++i) destination[i] = static_cast<D>(computed.value[i]);
  }
  return 0;
}

bool is_centred(Layout layout) { return layout == Layout::cxcywh; }

template <class S>
int64_t convert(const TensorView& boxes, const TensorView& converted, Layout source,
                Layout target) {
  if constexpr (std::is_integral_v<S>) {
    if (source != target && (is_centred(source) || is_centred(target))) {
      return map_rows<S, float>(boxes, converted, ConvertRow<float>{source, target});
    }
  }
  return map_rows<S, S>(boxes, converted, ConvertRow<Exact<S>>{source, target});
}

// S holds the box, A its area where that has room for every box.
template <class S, class A>
int64_t areas(const TensorView& boxes, const TensorView& area, const BoxAreaRule& rule) {
  using Wide = Exact<A>;
  const int64_t count = row_count(boxes);
  if constexpr (std::is_integral_v<S>) {
    for (int64_t row = 0; row < count; ++row) {
      const Four<Wide> box = read_row<S>(boxes, row);
      if (!is_summable(box)) return refused_row(row, kLeavesDtype);
      const Sides<Wide> sides = sides_of(box, rule.layout, rule.box_offset);
      if (!has_product(sides.first, sides.second) || !fits<A>(sides.first * sides.second)) {
        return refused_row(row, kLeavesDtype);
      }
    }
  }
  for (int64_t row = 0; row < count; ++row) {
    *result_row<A>(area, row, 1) =
        static_cast<A>(area_of_row(cast<Wide>(read_row<S>(boxes, row)), rule));
  }
  return 0;
}

template <class S, class T>
int64_t search(const TensorView& boxes, T limit, const TensorView& keep,
               const SmallBoxesRule& rule) {
  int64_t kept = 0;
  for (int64_t row = 0, count = row_count(boxes); row < count; ++row) {
    const Four<Exact<S>> box = read_row<S>(boxes, row);
    if (!is_summable(box)) return -1 - row;
    if (is_large(box, limit, rule)) static_cast<int64_t*>(keep.data)[kept++] = row;
  }
  return kept;
}

template <class S, class T>
T image_number(const TensorView& image, int64_t i) {
  return static_cast<T>(read<S>(image, i));
}

template <class T>
ImageLimits<T> limits_of(const TensorView& image, BoxOffset offset) {
  return with_number_type(image.dtype, [&](auto zero) {
    using S = decltype(zero);
    return image_limits(image_number<S, T>(image, 0), image_number<S, T>(image, 1),
                        image_number<S, T>(image, 2), offset);
  });
}

template <class S, class T>
void mark_valid(const TensorView& boxes, const TensorView& image, const TensorView& valid,
                BoxOffset offset) {
  const ImageLimits<T> limits = limits_of<T>(image, offset);
  for (int64_t row = 0, count = row_count(boxes); row < count; ++row) {
    *result_row<uint8_t>(valid, row, 1) = is_inside(cast<T>(read_row<S>(boxes, row)), limits);
  }
}

}  // namespace

int64_t box_convert(const TensorView& boxes, const TensorView& converted,
                    const BoxConvertRule& rule) {
  // The two axes list the layouts in the order of Layout.
  const Layout source = static_cast<Layout>(rule.source_layout);
  const Layout target = static_cast<Layout>(rule.target_layout);
  return with_number_type(boxes.dtype, [&](auto zero) {
    return convert<decltype(zero)>(boxes, converted, source, target);
  });
}

int64_t box_area(const TensorView& boxes, const TensorView& area, const BoxAreaRule& rule) {
  return with_number_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    if constexpr (std::is_integral_v<S>) {
      return area.dtype == Dtype::int64 ? areas<S, int64_t>(boxes, area, rule)
                                        : areas<S, int32_t>(boxes, area, rule);
    } else {
      using A = std::conditional_t<sizeof(S) == 2, float, S>;
      return areas<S, A>(boxes, area, rule);
    }
  });
}

int64_t clip_boxes(const TensorView& boxes, double height, double width, const TensorView& clipped,
                   const ClipBoxesRule& rule) {
  return with_number_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    if (boxes.dtype == clipped.dtype) {
      return map_rows<S, S>(boxes, clipped, ClipRow<Exact<S>>::of(height, width, rule));
    }
    return map_rows<S, float>(boxes, clipped, ClipRow<float>::of(height, width, rule));
  });
}

int64_t small_boxes(const TensorView& boxes, double min_size, bool is_integral,
                    const TensorView& keep, const SmallBoxesRule& rule) {
  return with_number_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    if constexpr (std::is_integral_v<S>) {
      return is_integral ? search<S>(boxes, static_cast<int64_t>(min_size), keep, rule)
                         : search<S>(boxes, static_cast<float>(min_size), keep, rule);
    } else {
      return search<S>(boxes, static_cast<S>(min_size), keep, rule);
    }
  });
}

void check_valid(const TensorView& boxes, const TensorView& image, const TensorView& valid,
                 const CheckValidRule& rule) {
  with_number_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    using T = std::conditional_t<std::is_same_v<S, double>, double, float>;
    mark_valid<S, T>(boxes, image, valid, rule.box_offset);
  });
}

}  // namespace opsbridge
