// How conventions travel: each axis of a rule is three bits of a 64-bit word, in the order of the
// struct; an enum's values are in the order of the axis' values in mappings/core/<op>.toml.
// tests/native/test_native_vocabulary.py holds the three lists (rules/*.h, opsbridge/core,
// mappings/core) equal.
#pragma once

#include <cstdint>

// Always inlined and internal: code compiled for a wide instruction set must never become the copy
// of a function that the linker keeps for everybody. But code that is watched step by step
// (OPSBRIDGE_WATCHED) is large, and a compiler takes many minutes over it if all of it is inlined.
#if defined(__CUDACC__)
#define OPSBRIDGE_FN static __host__ __device__ __forceinline__
#define OPSBRIDGE_MEMBER __host__ __device__ __forceinline__
#elif defined(OPSBRIDGE_WATCHED)
#define OPSBRIDGE_FN static inline __attribute__((unused))
#if defined(OPSBRIDGE_HAS_X86_LEVELS)  // a member has linkage
#define OPSBRIDGE_MEMBER inline __attribute__((always_inline))
#else
#define OPSBRIDGE_MEMBER inline
#endif
#else
#define OPSBRIDGE_FN static inline __attribute__((always_inline, unused))
#define OPSBRIDGE_MEMBER inline __attribute__((always_inline))
#endif

namespace opsbridge {

// Hands out the axes of a rule word one after the other.
struct RuleReader {
  uint64_t word;
  template <class Axis>
  void take(Axis& axis) {
    axis = static_cast<Axis>(word & 7);
    word >>= 3;
  }
};

}  // namespace opsbridge
