// Operators that treat each box alone, on host memory. Results are contiguous.
#pragma once

#include "opsbridge/rules/box_area.h"
#include "opsbridge/rules/box_convert.h"
#include "opsbridge/rules/check_valid.h"
#include "opsbridge/rules/clip_boxes.h"
#include "opsbridge/rules/small_boxes.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// Each returns zero, or the word of a row (times 16, plus 1) whose result leaves its dtype.
int64_t box_convert(const TensorView& boxes, const TensorView& converted,
                    const BoxConvertRule& rule);
int64_t box_area(const TensorView& boxes, const TensorView& area, const BoxAreaRule& rule);
int64_t clip_boxes(const TensorView& boxes, double height, double width, const TensorView& clipped,
                   const ClipBoxesRule& rule);

// Writes the rows of boxes whose sides pass, and returns how many, or -1 - row for one whose sides
// leave 64 bits. An integral limit is compared exactly with sides of integers.
int64_t small_boxes(const TensorView& boxes, double min_size, bool is_integral,
                    const TensorView& keep, const SmallBoxesRule& rule);

// One byte per box: inside the image of (height, width, ratio) or not.
void check_valid(const TensorView& boxes, const TensorView& image, const TensorView& valid,
                 const CheckValidRule& rule);

}  // namespace opsbridge
