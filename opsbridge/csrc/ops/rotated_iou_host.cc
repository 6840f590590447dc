#include "ops/rotated_iou_host.h"

#include <vector>

#include "ops/rotated_iou.h"
#include "opsbridge/dispatch.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

// In the layout with a centre, computed in the dtype of the boxes as `box_convert` does.
template <class S>
RotatedRow<S> centred(const RotatedRow<S>& box, IouLayout layout) {
  if (layout == IouLayout::xywhr) return corner_to_centre(box);
  if (layout == IouLayout::xyxyxyxy) return corner_to_centre(four_to_corner<S>(box));
  return box;
}

template <class S>
std::vector<TurnedBox> unpack(const TensorView& view, IouLayout layout) {
  const int columns = static_cast<int>(view.shape[1]);
  std::vector<TurnedBox> boxes(static_cast<size_t>(view.shape[0]));
  for (size_t row = 0; row < boxes.size(); ++row) {
    const S* first = static_cast<const S*>(view.data) + static_cast<int64_t>(row) * view.strides[0];
    RotatedRow<S> given{};
    for (int i = 0; i < columns; ++i) given.value[i] = first[i * view.strides[1]];
    given = centred(given, layout);
    RotatedRow<double> wide;
    for (int i = 0; i < 8; ++i) wide.value[i] = static_cast<double>(given.value[i]);
    boxes[row] = turned_box(wide);
  }
  return boxes;
}

std::vector<TurnedBox> unpack(const TensorView& view, IouLayout layout) {
  return view.dtype == Dtype::float64 ? unpack<double>(view, layout) : unpack<float>(view, layout);
}

}  // namespace

void rotated_box_iou(const BoxIouCall& call) {
  const std::vector<TurnedBox> first = unpack(call.boxes, call.rule.layout);
  const std::vector<TurnedBox> second = unpack(call.other_boxes, call.rule.layout);
  const auto rows = static_cast<int64_t>(first.size()), width = static_cast<int64_t>(second.size());
  float* result = static_cast<float*>(call.result.data);
  constexpr int64_t kPairsPerRange = 1024;
  parallel_for(rows, kPairsPerRange / (width + 1) + 1, call.threads,
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   float* row = result + i * width;
                   for (const TurnedBox& other : second) {
                     *row++ = rotated_iou(first[static_cast<size_t>(i)], other);
                   }
                 }
               });
}

}  // namespace opsbridge
