// One thread per box.
#include <cmath>

#include "cuda/ordering.h"
#include "ops/box_gradients.h"
#include "ops/box_numbers_device.h"
#include "ops/box_shapes_device.h"

namespace opsbridge {
namespace {

template <class R>
OPSBRIDGE_FN R of_refused() {
  if constexpr (std::is_integral_v<R>) {
    return R(0);
  } else {
    return static_cast<R>(NAN);
  }
}

// Rows of E as rows of R.
template <class E, class R, class Compute>
struct MapBoxes {
  TensorView boxes, result;
  Compute compute;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const Four<E> box = exact_row<E>(boxes, row);
    Four<R> made = {{of_refused<R>(), of_refused<R>(), of_refused<R>(), of_refused<R>()}};
    if (is_summable(box)) {
      const Four<R> computed = compute(box);
      if (all_fit(computed)) {
        made = computed;
      } else {
        refuse_row(report, row, kLeavesDtype);
      }
    } else {
      refuse_row(report, row, kLeavesDtype);
    }
    for (int i = 0; i < 4; ++i) put_exact(result, 4 * row + i, made.value[i]);
  }

  OPSBRIDGE_MEMBER bool all_fit(const Four<R>& made) const {
    if constexpr (std::is_integral_v<R>) {
      for (const R value : made.value) {
        if (!fits(result.dtype, value)) return false;
      }
    }
    return true;
  }
};

template <class E, class R, class Compute>
void map_boxes(const Executor& on, Report* report, const TensorView& boxes,
               const TensorView& result, const Compute& compute) {
  const int64_t count = row_count(boxes);
  on.each(count, MapBoxes<E, R, Compute>{boxes, result, compute, report});
}

template <class E, class A>
struct MeasureBoxes {
  TensorView boxes, area;
  BoxAreaRule rule;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const Four<A> box = cast<A>(exact_row<E>(boxes, row));
    if constexpr (std::is_integral_v<E>) {
      bool is_refused = !is_summable(box);
      if (!is_refused) {
        const Sides<A> sides = sides_of(box, rule.layout, rule.box_offset);
        is_refused = !has_product(sides.first, sides.second) ||
                     !fits(area.dtype, sides.first * sides.second);
      }
      if (is_refused) {
        refuse_row(report, row, kLeavesDtype);
        return put_exact(area, row, A(0));
      }
    }
    put_exact(area, row, area_of_row(box, rule));
  }
};

template <class E, class T>
struct FlagLargeBoxes {
  TensorView boxes;
  T limit;
  SmallBoxesRule rule;
  uint8_t* flags;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const Four<E> box = exact_row<E>(boxes, row);
    const bool is_usable = is_summable(box);
    flags[row] = is_usable && is_large(box, limit, rule);
    if (!is_usable) refuse_row(report, row, kLeavesDtype);
  }
};

struct CollectFlagged {
  const uint8_t* flags;
  const uint32_t* before;
  int64_t count;
  int64_t* keep;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    if (flags[row] != 0) keep[before[row]] = row;
    if (row == count - 1) tell_count(report, int64_t(before[row]) + flags[row]);
  }
};

template <class E, class T>
struct MarkValidBoxes {
  TensorView boxes, image, valid;
  BoxOffset offset;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const ImageLimits<T> limits = image_limits(number(0), number(1), number(2), offset);
    const Four<T> box = cast<T>(exact_row<E>(boxes, row));
    static_cast<uint8_t*>(valid.data)[row] = is_inside(box, limits);
  }

  OPSBRIDGE_MEMBER T number(int64_t i) const {
    const int64_t at = i * image.strides[0];
    const bool is_floating = image.dtype >= Dtype::float16;
    return is_floating ? floating_at<T>(image, at) : static_cast<T>(exact_at<int64_t>(image, at));
  }
};

// The gradient of a result is contiguous.
template <class S>
struct AreaGradients {
  TensorView area, boxes, gradient;
  BoxAreaRule rule;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    using T = Widened<S>;
    const T incoming = floating_at<T>(area, row);
    const Four<T> made = area_gradient_row(cast<T>(exact_row<S>(boxes, row)), incoming, rule.layout,
                                           rule.box_offset);
    for (int i = 0; i < 4; ++i) put_exact(gradient, 4 * row + i, static_cast<S>(made.value[i]));
  }
};

template <class S>
struct ConvertGradients {
  TensorView converted, gradient;
  Layout source, target;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    using T = Widened<S>;
    const Four<T> incoming = cast<T>(exact_row<S>(converted, row));
    const Four<T> made = convert_gradient_row(incoming, source, target);
    for (int i = 0; i < 4; ++i) put_exact(gradient, 4 * row + i, static_cast<S>(made.value[i]));
  }
};

template <class S>
struct ClipGradients {
  TensorView clipped, boxes, gradient;
  Widened<S> x_limit, y_limit;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    using T = Widened<S>;
    const Four<T> incoming = cast<T>(exact_row<S>(clipped, row));
    const Four<T> made =
        clip_gradient_row(cast<T>(exact_row<S>(boxes, row)), incoming, x_limit, y_limit);
    for (int i = 0; i < 4; ++i) put_exact(gradient, 4 * row + i, static_cast<S>(made.value[i]));
  }
};

template <class E, class T>
void flag_large(const Executor& on, Report* report, const TensorView& boxes, T limit,
                const SmallBoxesRule& rule, uint8_t* flags) {
  on.each(row_count(boxes), FlagLargeBoxes<E, T>{boxes, limit, rule, flags, report});
}

}  // namespace

void box_convert_on_device(const Executor& on, Report* report, const TensorView& boxes,
                           const TensorView& converted, const BoxConvertRule& rule) {
  const Layout source = static_cast<Layout>(rule.source_layout);
  const Layout target = static_cast<Layout>(rule.target_layout);
  with_exact_type(boxes.dtype, [&](auto zero) {
    using E = decltype(zero);
    if constexpr (std::is_integral_v<E>) {
      if (converted.dtype == Dtype::float32) {
        const ConvertRow<float> convert{source, target};
        return map_boxes<E, float>(on, report, boxes, converted, convert);
      }
    }
    map_boxes<E, E>(on, report, boxes, converted, ConvertRow<E>{source, target});
  });
}

void box_area_on_device(const Executor& on, Report* report, const TensorView& boxes,
                        const TensorView& area, const BoxAreaRule& rule) {
  const int64_t count = row_count(boxes);
  with_exact_type(boxes.dtype, [&](auto zero) {
    using E = decltype(zero);
    on.each(count, MeasureBoxes<E, Widened<E>>{boxes, area, rule, report});
  });
}

void clip_boxes_on_device(const Executor& on, Report* report, const TensorView& boxes,
                          double height, double width, const TensorView& clipped,
                          const ClipBoxesRule& rule) {
  with_exact_type(boxes.dtype, [&](auto zero) {
    using E = decltype(zero);
    if constexpr (std::is_integral_v<E>) {
      if (clipped.dtype == Dtype::float32) {
        const auto clip = ClipRow<float>::of(height, width, rule);
        return map_boxes<E, float>(on, report, boxes, clipped, clip);
      }
    }
    map_boxes<E, E>(on, report, boxes, clipped, ClipRow<E>::of(height, width, rule));
  });
}

void small_boxes_on_device(const Executor& on, Workspace& workspace, Report* report,
                           const TensorView& boxes, double min_size, bool is_integral,
                           const TensorView& keep, const SmallBoxesRule& rule) {
  const int64_t count = row_count(boxes);
  if (count >= int64_t(0xffffffff)) {
    throw std::length_error("small_boxes takes fewer than 2**32 - 1 boxes");
  }
  uint8_t* flags = workspace.take<uint8_t>(count);
  uint32_t* before = workspace.take<uint32_t>(count);
  if (!workspace.is_counting()) {
    with_exact_type(boxes.dtype, [&](auto zero) {
      using E = decltype(zero);
      if constexpr (std::is_integral_v<E>) {
        if (!is_integral) {
          return flag_large<E>(on, report, boxes, static_cast<float>(min_size), rule, flags);
        }
      }
      flag_large<E>(on, report, boxes, static_cast<E>(min_size), rule, flags);
    });
  }
  sum_before(on, workspace, flags, before, count);
  if (workspace.is_counting()) return;
  int64_t* kept = static_cast<int64_t*>(keep.data);
  on.each(count, CollectFlagged{flags, before, count, kept, report});
}

void check_valid_on_device(const Executor& on, Report* report, const TensorView& boxes,
                           const TensorView& image, const TensorView& valid,
                           const CheckValidRule& rule) {
  const int64_t count = row_count(boxes);
  with_exact_type(boxes.dtype, [&](auto zero) {
    using E = decltype(zero);
    using T = std::conditional_t<std::is_same_v<E, double>, double, float>;
    on.each(count, MarkValidBoxes<E, T>{boxes, image, valid, rule.box_offset});
  });
}

void box_area_gradient_on_device(const Executor& on, Report* report, const TensorView& area,
                                 const TensorView& boxes, const TensorView& gradient,
                                 const BoxAreaRule& rule) {
  const int64_t count = row_count(boxes);
  with_floating_type(boxes.dtype, [&](auto zero) {
    on.each(count, AreaGradients<decltype(zero)>{area, boxes, gradient, rule});
  });
}

void box_convert_gradient_on_device(const Executor& on, Report* report, const TensorView& converted,
                                    const TensorView& gradient, const BoxConvertRule& rule) {
  const int64_t count = row_count(converted);
  const Layout source = static_cast<Layout>(rule.source_layout);
  const Layout target = static_cast<Layout>(rule.target_layout);
  with_floating_type(converted.dtype, [&](auto zero) {
    on.each(count, ConvertGradients<decltype(zero)>{converted, gradient, source, target});
  });
}

void clip_boxes_gradient_on_device(const Executor& on, Report* report, const TensorView& clipped,
                                   const TensorView& boxes, double height, double width,
                                   const TensorView& gradient, const ClipBoxesRule& rule) {
  const int64_t count = row_count(boxes);
  with_floating_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    using T = Widened<S>;
    const ClipRow<S> limits = ClipRow<S>::of(height, width, rule);
    on.each(count,
            ClipGradients<S>{clipped, boxes, gradient, T(limits.x_limit), T(limits.y_limit)});
  });
}

}  // namespace opsbridge
