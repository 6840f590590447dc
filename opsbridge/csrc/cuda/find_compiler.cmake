# Sets builds_cuda: is there an nvcc that compiles for CMAKE_CUDA_ARCHITECTURES? One that cannot (no
# headers, no CUB, too old for an architecture or for the host's compiler) is as good as none: the
# CPU's kernels do not need it.
include(CheckLanguage)
include(CheckSourceCompiles)

# The project that tries the compiler takes its architectures from there.
set(ENV{CUDAARCHS} "${CMAKE_CUDA_ARCHITECTURES}")
check_language(CUDA)
set(builds_cuda OFF)
if(CMAKE_CUDA_COMPILER)
  enable_language(CUDA)
  check_source_compiles(CUDA "#include <cub/version.cuh>\nint main() {}" OPSBRIDGE_HAS_CUB)
  set(builds_cuda ${OPSBRIDGE_HAS_CUB})
endif()
if(builds_cuda)
  message(STATUS "CUDA kernels: ${CMAKE_CUDA_COMPILER}, for ${CMAKE_CUDA_ARCHITECTURES}")
else()
  message(STATUS "CUDA kernels: not built, there is no nvcc that can (see CMakeError.log)")
endif()
