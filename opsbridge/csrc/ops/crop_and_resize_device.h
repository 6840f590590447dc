// Cropping boxes out of images and resizing them, in device memory.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "ops/crop_and_resize_host.h"

namespace opsbridge {

// A crop whose box or image is refused is NaN.
void crop_and_resize_on_device(const Executor& on, Report* report, const CropAndResizeCall& call);

}  // namespace opsbridge
