#include "ops/box_shapes_host.h"

#include <limits>

#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

constexpr int64_t kLeavesDtype = 1;

// Sums and differences of smaller integers stay within 64 bits.
bool is_summable(int64_t value) {
  constexpr int64_t kBound = int64_t(1) << 62;
  return value > -kBound && value < kBound;
}

template <class T>
bool is_summable(const Four<T>& four) {
  if constexpr (std::is_integral_v<T>) {
    for (const T value : four.value) {
      if (!is_summable(value)) return false;
    }
  }
  return true;
}

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
  using T = Exact<S>;
  if (source == target) {
    return map_rows<S, S>(boxes, converted, [](const Four<T>& box) { return box; });
  }
  if constexpr (std::is_integral_v<S>) {
    if (is_centred(source)) {
      return map_rows<S, float>(boxes, converted, [=](const Four<T>& box) {
        return from_corners<float>(to_corners(cast<float>(box), source), target);
      });
    }
    if (is_centred(target)) {
      return map_rows<S, float>(boxes, converted, [=](const Four<T>& box) {
        return from_corners<float>(to_corners(box, source), target);
      });
    }
  }
  return map_rows<S, S>(boxes, converted, [=](const Four<T>& box) {
    return from_corners<T>(to_corners(box, source), target);
  });
}

// S holds the box, A its area where that has room for every box.
template <class S, class A>
int64_t areas(const TensorView& boxes, const TensorView& area, const BoxAreaRule& rule) {
  using Wide = Exact<A>;
  const int64_t count = row_count(boxes);
  if constexpr (std::is_integral_v<S>) {
    for (int64_t row = 0; row < count; ++row) {
      const Four<Wide> box = read_row<S>(boxes, row);
      const Sides<Wide> sides = sides_of(box, rule.layout, rule.box_offset);
      Wide product;
      if (!is_summable(box) || __builtin_mul_overflow(sides.first, sides.second, &product) ||
          !fits<A>(product)) {
        return refused_row(row, kLeavesDtype);
      }
    }
  }
  for (int64_t row = 0; row < count; ++row) {
    const Sides<Wide> sides =
        sides_of(cast<Wide>(read_row<S>(boxes, row)), rule.layout, rule.box_offset);
    *result_row<A>(area, row, 1) = static_cast<A>(sides.first * sides.second);
  }
  return 0;
}

// T is what coordinates are compared in, D what they are stored in.
template <class S, class T, class D>
int64_t clip(const TensorView& boxes, double height, double width, const TensorView& clipped_boxes,
             const ClipBoxesRule& rule) {
  const T last = rule.box_offset == BoxOffset::one ? T(1) : T(0);
  const T x_limit = static_cast<T>(width) - last, y_limit = static_cast<T>(height) - last;
  return map_rows<S, D>(boxes, clipped_boxes, [=](const Four<Exact<S>>& box) {
    const Four<T> four = cast<T>(box);
    const T* v = four.value;
    return Four<T>{{clipped(v[0], x_limit), clipped(v[1], y_limit), clipped(v[2], x_limit),
                    clipped(v[3], y_limit)}};
  });
}

template <class T>
bool passes(const Sides<T>& sides, T limit, SideTest test) {
  return test == SideTest::above ? sides.first > limit && sides.second > limit
                                 : sides.first >= limit && sides.second >= limit;
}

template <class S, class T>
int64_t search(const TensorView& boxes, T limit, const TensorView& keep,
               const SmallBoxesRule& rule) {
  int64_t kept = 0;
  for (int64_t row = 0, count = row_count(boxes); row < count; ++row) {
    const Four<Exact<S>> box = read_row<S>(boxes, row);
    if (!is_summable(box)) return -1 - row;
    const Sides<Exact<S>> sides = sides_of(box, Layout::xyxy, rule.box_offset);
    if (passes(Sides<T>{static_cast<T>(sides.first), static_cast<T>(sides.second)}, limit,
               rule.side_test)) {
      static_cast<int64_t*>(keep.data)[kept++] = row;
    }
  }
  return kept;
}

template <class S, class T>
T image_number(const TensorView& image, int64_t i) {
  return static_cast<T>(read<S>(image, i));
}

template <class T>
struct ImageLimits {
  T x, y;
};

template <class T>
ImageLimits<T> limits_of(const TensorView& image, BoxOffset offset) {
  return with_number_type(image.dtype, [&](auto zero) {
    using S = decltype(zero);
    const T ratio = image_number<S, T>(image, 2), last = offset == BoxOffset::one ? T(1) : T(0);
    return ImageLimits<T>{image_number<S, T>(image, 1) * ratio - last,
                          image_number<S, T>(image, 0) * ratio - last};
  });
}

template <class S, class T>
void mark_valid(const TensorView& boxes, const TensorView& image, const TensorView& valid,
                BoxOffset offset) {
  const ImageLimits<T> limits = limits_of<T>(image, offset);
  for (int64_t row = 0, count = row_count(boxes); row < count; ++row) {
    const Four<T> box = cast<T>(read_row<S>(boxes, row));
    const T* v = box.value;
    // Whatever is not found outside counts as inside, a NaN too.
    const bool is_outside = v[0] < T(0) || v[1] < T(0) || limits.x < v[2] || limits.y < v[3];
    *result_row<uint8_t>(valid, row, 1) = !is_outside;
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
      return clip<S, Exact<S>, S>(boxes, height, width, clipped, rule);
    }
    return clip<S, float, float>(boxes, height, width, clipped, rule);
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
