// The arguments of cropping and resizing, read and checked in one place for every device.
#pragma once

#include "binding/checks.h"
#include "ops/crop_and_resize_host.h"

namespace opsbridge {

inline CropAndResizeCall read_crop_and_resize(Arguments& args) {
  CropAndResizeCall call;
  call.images = args.tensor(4);
  call.boxes = args.tensor(2);
  call.batch_indices = args.tensor(1);
  call.extrapolation_value = static_cast<float>(args.number());
  call.crops = args.tensor(4);
  call.rule = decode_crop_and_resize_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  require(is_number(call.images.dtype), "images must be numbers");
  require_rows_of_four(call.boxes);
  require(call.boxes.dtype == Dtype::float32 && call.crops.dtype == Dtype::float32,
          "boxes and crops must be float32");
  require(call.batch_indices.dtype == Dtype::int32 || call.batch_indices.dtype == Dtype::int64,
          "batch_indices must be int32 or int64");
  require(call.batch_indices.shape[0] == call.boxes.shape[0] &&
              call.crops.shape[0] == call.boxes.shape[0] &&
              call.crops.shape[3] == call.images.shape[3],
          "boxes, batch_indices and crops do not fit each other");
  return call;
}

}  // namespace opsbridge
