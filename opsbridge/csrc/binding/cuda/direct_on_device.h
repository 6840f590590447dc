// Where direct calls of the device library have their tensors.
#pragma once

#include <cstdint>

#include "binding/cuda/on_device.h"
#include "binding/cuda/outcome.h"
#include "binding/direct.h"

namespace opsbridge {

constexpr DirectPlace kOnDevice{kDeviceType, INT64_MAX, wait_for_answer};

}  // namespace opsbridge
