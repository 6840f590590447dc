// Where direct calls of the device library have their tensors.
#pragma once

#include <cstdint>

#include "binding/cuda/on_device.h"
#include "binding/cuda/outcome.h"
#include "binding/direct.h"

namespace opsbridge {

// Of operators whose results are as long as data says.
constexpr DirectPlace kOnDeviceAndWaiting{kDeviceType, INT64_MAX, wait_for_answer};

// Of the others, whose values are judged later.
constexpr DirectPlace kOnDevice{kDeviceType, INT64_MAX, nullptr, true};

}  // namespace opsbridge
