// The axes in which cropping and resizing differ between frameworks.
#pragma once

#include "opsbridge/types.h"

namespace opsbridge {

enum class Method { bilinear, nearest, bilinear_v2 };

struct CropAndResizeRule {
  Method method;
};

inline CropAndResizeRule decode_crop_and_resize_rule(int64_t word) {
  RuleReader reader{static_cast<uint64_t>(word)};
  CropAndResizeRule rule;
  reader.take(rule.method);
  return rule;
}

}  // namespace opsbridge
