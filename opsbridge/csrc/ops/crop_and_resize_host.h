// Cropping boxes out of images and resizing them, on host memory.
#pragma once

#include "opsbridge/rules/crop_and_resize.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

struct CropAndResizeCall {
  TensorView images;         // (N, H, W, C), any number type
  TensorView boxes;          // (K, 4): y1, x1, y2, x2 as fractions, float32
  TensorView batch_indices;  // (K,), int32 or int64
  TensorView crops;          // (K, crop height, crop width, C), float32, contiguous
  float extrapolation_value;
  CropAndResizeRule rule;
  int threads;
};

// Zero, or a refused row times 16 plus why: 1 no finite box, 2 batch index out of range.
int64_t crop_and_resize(const CropAndResizeCall& call);

}  // namespace opsbridge
