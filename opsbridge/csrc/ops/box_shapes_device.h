// Operators that treat each box alone, in device memory, and their gradients. A row that is refused
// becomes NaN, or zero where the result holds integers.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"
#include "ops/box_gradients_host.h"
#include "ops/box_shapes_host.h"

namespace opsbridge {

void box_convert_on_device(const Executor& on, Report* report, const TensorView& boxes,
                           const TensorView& converted, const BoxConvertRule& rule);
void box_area_on_device(const Executor& on, Report* report, const TensorView& boxes,
                        const TensorView& area, const BoxAreaRule& rule);
void clip_boxes_on_device(const Executor& on, Report* report, const TensorView& boxes,
                          double height, double width, const TensorView& clipped,
                          const ClipBoxesRule& rule);
void small_boxes_on_device(const Executor& on, Workspace& workspace, Report* report,
                           const TensorView& boxes, double min_size, bool is_integral,
                           const TensorView& keep, const SmallBoxesRule& rule);
void check_valid_on_device(const Executor& on, Report* report, const TensorView& boxes,
                           const TensorView& image, const TensorView& valid,
                           const CheckValidRule& rule);

void box_area_gradient_on_device(const Executor& on, Report* report, const TensorView& area,
                                 const TensorView& boxes, const TensorView& gradient,
                                 const BoxAreaRule& rule);
void box_convert_gradient_on_device(const Executor& on, Report* report, const TensorView& converted,
                                    const TensorView& gradient, const BoxConvertRule& rule);
void clip_boxes_gradient_on_device(const Executor& on, Report* report, const TensorView& clipped,
                                   const TensorView& boxes, double height, double width,
                                   const TensorView& gradient, const ClipBoxesRule& rule);

}  // namespace opsbridge
