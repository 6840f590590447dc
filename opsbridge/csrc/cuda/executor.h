// Where the bodies of kernels run. Compiled by nvcc they are launched on the caller's device and
// stream; compiled by a host compiler they run one after the other, for tests without a GPU: a
// body is a function of an index and, where threads work together, of phases between barriers.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "cuda/launch.h"
#include "opsbridge/types.h"

#ifdef __CUDACC__
#include "cuda/executor_device.h"
#else
#include "cuda/executor_host.h"
#endif
