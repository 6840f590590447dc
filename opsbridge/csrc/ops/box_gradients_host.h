// Gradients of the box operators on host memory. Results are contiguous, of the dtype of the boxes.
#pragma once

#include "ops/box_iou_host.h"
#include "opsbridge/rules/box_area.h"
#include "opsbridge/rules/box_convert.h"
#include "opsbridge/rules/clip_boxes.h"

namespace opsbridge {

// `call.result` holds the gradient of the overlaps, contiguous.
void box_iou_gradient(const BoxIouCall& call, const TensorView& gradient,
                      const TensorView& other_gradient);
void box_area_gradient(const TensorView& area, const TensorView& boxes, const TensorView& gradient,
                       const BoxAreaRule& rule);
void box_convert_gradient(const TensorView& converted, const TensorView& gradient,
                          const BoxConvertRule& rule);
void clip_boxes_gradient(const TensorView& clipped, const TensorView& boxes, double height,
                         double width, const TensorView& gradient, const ClipBoxesRule& rule);

}  // namespace opsbridge
