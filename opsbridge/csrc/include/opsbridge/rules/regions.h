// The axes that all operators on regions share.
#pragma once

#include "opsbridge/types.h"

namespace opsbridge {

enum class EndOffset { zero, one };
enum class MinSize { one, none };
enum class ScaleType { same, float32 };
enum class BatchRule { integral, truncate, nearest_7e_5, given, counts };
enum class Nonfinite { refuse, zero };
enum class RoiAccumulate { same, float32 };
enum class ChannelMap { same, position_sensitive };

}  // namespace opsbridge
