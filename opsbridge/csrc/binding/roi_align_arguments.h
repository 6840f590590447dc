// The arguments of RoIAlign, read and checked in one place for every device.
#pragma once

#include "binding/region_arguments.h"
#include "ops/roi_align_host.h"

namespace opsbridge {

inline RoiAlignCall read_roi_align(Arguments& args) {
  RoiAlignCall call;
  call.regions = read_regions(args);
  call.pooled = args.tensor(4);
  call.spatial_scale = args.number();
  call.sampling_ratio = args.integer();
  call.rule = decode_roi_align_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  call.regions.batch_rule = call.rule.batch_rule;
  require_regions(call.regions);
  require_pooled(call.pooled, call.regions, call.rule.channel_map);
  return call;
}

}  // namespace opsbridge
