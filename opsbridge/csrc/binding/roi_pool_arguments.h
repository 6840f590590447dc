// The arguments of RoI pooling, read and checked in one place for every device.
#pragma once

#include "binding/region_arguments.h"
#include "ops/roi_pool_host.h"

namespace opsbridge {

inline RoiPoolCall read_roi_pool(Arguments& args) {
  RoiPoolCall call;
  call.regions = read_regions(args);
  call.pooled = args.tensor(4);
  call.spatial_scale = args.number();
  call.rule = decode_roi_pool_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  call.regions.batch_rule = call.rule.batch_rule;
  require_regions(call.regions);
  require_pooled(call.pooled, call.regions, call.rule.channel_map);
  return call;
}

inline TensorView read_argmax(Arguments& args, const RoiPoolCall& call) {
  const TensorView argmax = args.optional_tensor(4);
  const TensorView& features = call.regions.features;
  for (int axis = 0; is_present(argmax) && axis < 4; ++axis) {
    require(argmax.dtype == Dtype::int32 && argmax.shape[axis] == call.pooled.shape[axis],
            "argmax must be int32, of the shape of the result");
    require(features.shape[2] * features.shape[3] <= kInt32Max, "argmax cannot count the pixels");
  }
  return argmax;
}

struct RoiPoolGradientTensors {
  TensorView argmax, gradient;
};

inline RoiPoolGradientTensors read_roi_pool_gradient(Arguments& args, const RoiPoolCall& call) {
  const TensorView argmax = read_argmax(args, call);
  const TensorView gradient = args.tensor(4);
  require(!is_present(argmax) ||
              (call.rule.pooling == Pooling::maximum && call.rule.channel_map == ChannelMap::same),
          "only the gradient of a maximum takes argmax, where channels stay themselves");
  require_gradient(gradient, call.regions.features);
  return RoiPoolGradientTensors{argmax, gradient};
}

}  // namespace opsbridge
