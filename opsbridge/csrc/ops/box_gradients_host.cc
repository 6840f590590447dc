#include "ops/box_gradients_host.h"

#include <cmath>
#include <vector>

#include "ops/box_broadcast.h"
#include "ops/box_gradients.h"
#include "ops/box_rows.h"
#include "opsbridge/dispatch.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

// A contiguous tensor of any floating dtype as numbers of one type.
template <class T>
std::vector<T> read_all(const TensorView& view, int64_t count) {
  std::vector<T> numbers(static_cast<size_t>(count));
  with_floating_type(view.dtype, [&](auto zero) {
    using G = decltype(zero);
    for (size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = static_cast<T>(static_cast<const G*>(view.data)[i]);
    }
  });
  return numbers;
}

template <class T>
struct TracedBoxes {
  std::vector<TracedBox<T>> corners;
  std::vector<Four<T>> given;
  std::vector<T> angle;
  std::vector<Four<T>> gradient;  // summed over all pairs
};

template <class S, class T>
TracedBoxes<T> trace(const TensorView& view, const BoxIouRule& rule) {
  TracedBoxes<T> boxes;
  for (int64_t row = 0, count = row_count(view); row < count; ++row) {
    const Four<T> given = cast<T>(read_row<S>(view, row));
    const Four<T> corners = to_corners(given, layout_of(rule));
    const T* v = corners.value;
    const Sides<T> sides = sides_of(given, layout_of(rule), rule.box_offset);
    boxes.given.push_back(given);
    boxes.corners.push_back({v[0], v[1], v[2], v[3], sides.first * sides.second});
    boxes.angle.push_back(std::atan((v[2] - v[0]) / (v[3] - v[1])));
    boxes.gradient.push_back({{T(0), T(0), T(0), T(0)}});
  }
  return boxes;
}

// One matrix of pairs: which boxes, and where the gradient of their overlaps starts.
template <class T>
struct PairMatrix {
  TracedBoxes<T>*first, *second;
  int64_t first_row, second_row, first_count, second_count;
  const T* gradient;
  T epsilon;
  BoxIouRule rule;
};

template <class T>
PairGradient<T> gradient_of_pair(const PairMatrix<T>& matrix, int64_t i, int64_t j) {
  const bool is_aligned = matrix.rule.pairing == Pairing::aligned;
  const bool is_turned = matrix.rule.result_order == ResultOrder::second_by_first;
  const int64_t place = is_aligned  ? i
                        : is_turned ? j * matrix.first_count + i
                                    : i * matrix.second_count + j;
  const size_t first = static_cast<size_t>(matrix.first_row + i);
  const size_t second = static_cast<size_t>(matrix.second_row + j);
  return pair_gradient(
      matrix.first->corners[first], matrix.second->corners[second], matrix.gradient[place],
      matrix.first->angle[first] - matrix.second->angle[second], matrix.epsilon, matrix.rule);
}

template <class T>
void add(TracedBox<T>& sum, const TracedBox<T>& more) {
  sum = {sum.x1 + more.x1, sum.y1 + more.y1, sum.x2 + more.x2, sum.y2 + more.y2,
         sum.area + more.area};
}

// Sums over all partners of one box at a time, so the order never depends on the threads.
template <class T>
void sum_over_pairs(const PairMatrix<T>& matrix, bool of_first, int threads) {
  const bool is_aligned = matrix.rule.pairing == Pairing::aligned;
  const int64_t count = of_first ? matrix.first_count : matrix.second_count;
  const int64_t partners = of_first ? matrix.second_count : matrix.first_count;
  TracedBoxes<T>& boxes = of_first ? *matrix.first : *matrix.second;
  const int64_t start = of_first ? matrix.first_row : matrix.second_row;
  constexpr int64_t kRowsPerRange = 16;
  parallel_for(count, kRowsPerRange, threads, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      TracedBox<T> sum = no_gradient<T>();
      for (int64_t j = is_aligned ? i : 0; j < (is_aligned ? i + 1 : partners); ++j) {
        const PairGradient<T> pair =
            of_first ? gradient_of_pair(matrix, i, j) : gradient_of_pair(matrix, j, i);
        add(sum, of_first ? pair.first : pair.second);
      }
      const size_t row = static_cast<size_t>(start + i);
      const Four<T> more =
          to_layout(boxes.given[row], sum, layout_of(matrix.rule), matrix.rule.box_offset);
      for (int k = 0; k < 4; ++k) {
        boxes.gradient[row].value[k] = boxes.gradient[row].value[k] + more.value[k];
      }
    }
  });
}

template <class S, class T>
void store(const std::vector<Four<T>>& gradients, const TensorView& view) {
  for (size_t row = 0; row < gradients.size(); ++row) {
    S* destination = result_row<S>(view, static_cast<int64_t>(row), 4);
    for (int i = 0; i < 4; ++i) destination[i] = static_cast<S>(gradients[row].value[i]);
  }
}

template <class S>
void run(const BoxIouCall& call, const TensorView& gradient, const TensorView& other_gradient) {
  using T = Widened<S>;
  TracedBoxes<T> first = trace<S, T>(call.boxes, call.rule);
  TracedBoxes<T> second = trace<S, T>(call.other_boxes, call.rule);
  const int64_t count = call.boxes.shape[call.boxes.rank - 2];
  const int64_t others = call.other_boxes.shape[call.other_boxes.rank - 2];
  const int64_t pairs = call.rule.pairing == Pairing::aligned ? count : count * others;
  const int64_t matrices = matrix_count(call.result, call.rule);
  const int leading = leading_axes(call.result, call.rule);
  const std::vector<T> incoming = read_all<T>(call.result, matrices * pairs);
  for (int64_t i = 0; i < matrices; ++i) {
    const PairMatrix<T> matrix{&first,
                               &second,
                               broadcast_row(call.boxes, call.result, leading, i),
                               broadcast_row(call.other_boxes, call.result, leading, i),
                               count,
                               others,
                               incoming.data() + i * pairs,
                               static_cast<T>(call.epsilon),
                               call.rule};
    sum_over_pairs(matrix, true, call.threads);
    sum_over_pairs(matrix, false, call.threads);
  }
  store<S>(first.gradient, gradient);
  store<S>(second.gradient, other_gradient);
}

// Applies compute(row of boxes, row number) to every row, in the wider type.
template <class S, class Compute>
void map_gradients(const TensorView& boxes, const TensorView& gradient, Compute compute) {
  for (int64_t row = 0, count = row_count(boxes); row < count; ++row) {
    const Four<Widened<S>> four = compute(cast<Widened<S>>(read_row<S>(boxes, row)), row);
    S* destination = result_row<S>(gradient, row, 4);
    for (int i = 0; i < 4; ++i) destination[i] = static_cast<S>(four.value[i]);
  }
}

}  // namespace

void box_iou_gradient(const BoxIouCall& call, const TensorView& gradient,
                      const TensorView& other_gradient) {
  with_floating_type(call.boxes.dtype,
                     [&](auto zero) { run<decltype(zero)>(call, gradient, other_gradient); });
}

void box_area_gradient(const TensorView& area, const TensorView& boxes, const TensorView& gradient,
                       const BoxAreaRule& rule) {
  with_floating_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    using T = Widened<S>;
    const std::vector<T> incoming = read_all<T>(area, row_count(boxes));
    map_gradients<S>(boxes, gradient, [&](const Four<T>& box, int64_t row) {
      return area_gradient_row(box, incoming[static_cast<size_t>(row)], rule.layout,
                               rule.box_offset);
    });
  });
}

void box_convert_gradient(const TensorView& converted, const TensorView& gradient,
                          const BoxConvertRule& rule) {
  const Layout source = static_cast<Layout>(rule.source_layout);
  const Layout target = static_cast<Layout>(rule.target_layout);
  with_floating_type(converted.dtype, [&](auto zero) {
    using S = decltype(zero);
    using T = Widened<S>;
    map_gradients<S>(converted, gradient, [&](const Four<T>& incoming, int64_t) {
      return convert_gradient_row(incoming, source, target);
    });
  });
}

void clip_boxes_gradient(const TensorView& clipped, const TensorView& boxes, double height,
                         double width, const TensorView& gradient, const ClipBoxesRule& rule) {
  with_floating_type(boxes.dtype, [&](auto zero) {
    using S = decltype(zero);
    using T = Widened<S>;
    const S last = rule.box_offset == BoxOffset::one ? S(1) : S(0);
    const T x_limit = T(S(width) - last), y_limit = T(S(height) - last);
    const std::vector<T> incoming = read_all<T>(clipped, 4 * row_count(boxes));
    map_gradients<S>(boxes, gradient, [&](const Four<T>& box, int64_t row) {
      return clip_gradient_row(box, four_at(incoming.data() + 4 * row, 1), x_limit, y_limit);
    });
  });
}

}  // namespace opsbridge
