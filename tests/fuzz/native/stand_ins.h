// What stands in for the run time of tvm-ffi.
#pragma once

#include <string>

namespace opsbridge {

// The kind of the exception that was raised last.
std::string& raised_kind();

}  // namespace opsbridge
