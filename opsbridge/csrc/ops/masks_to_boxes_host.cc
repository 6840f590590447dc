#include "ops/masks_to_boxes_host.h"

#include "ops/masks_to_boxes.h"
#include "opsbridge/dispatch.h"
#include "opsbridge/numeric.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

// A NaN is not zero, so it counts as set.
template <class S>
bool is_set(S value) {
  return value != S(0);
}

template <class S>
Extent extent_of(const S* mask, const TensorView& masks) {
  const int64_t height = masks.shape[1], width = masks.shape[2];
  Extent extent{height, -1, width, -1};
  for (int64_t y = 0; y < height; ++y) {
    const S* row = mask + y * masks.strides[1];
    for (int64_t x = 0; x < width; ++x) {
      if (!is_set(row[x * masks.strides[2]])) continue;
      extent.first_row = smaller(extent.first_row, y);
      extent.last_row = y;
      extent.first_column = smaller(extent.first_column, x);
      extent.last_column = larger(extent.last_column, x);
    }
  }
  return extent;
}

template <class S>
void run(const TensorView& masks, const TensorView& boxes, const MasksToBoxesRule& rule,
         int threads) {
  parallel_for(boxes.shape[0], 1, threads, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const S* mask = static_cast<const S*>(masks.data) + i * masks.strides[0];
      write_box(extent_of(mask, masks), rule, static_cast<float*>(boxes.data) + 4 * i);
    }
  });
}

}  // namespace

void masks_to_boxes(const TensorView& masks, const TensorView& boxes, const MasksToBoxesRule& rule,
                    int threads) {
  if (masks.dtype == Dtype::boolean) return run<uint8_t>(masks, boxes, rule, threads);
  with_number_type(masks.dtype,
                   [&](auto zero) { run<decltype(zero)>(masks, boxes, rule, threads); });
}

}  // namespace opsbridge
