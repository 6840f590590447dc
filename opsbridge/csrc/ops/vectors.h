// Vectors as wide as one instruction-set level has them, as the compiler's own vector types: the
// usual operators work lane by lane, each rounding once, and `condition ? a : b` picks lanes.
// For files that are compiled once per level only (OPSBRIDGE_LEVEL); host only.
#pragma once

#include <cstdint>
#include <cstring>

#include "opsbridge/types.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));

template <class T>
using Vector __attribute__((vector_size(kVectorBytes))) = T;

template <class T>
OPSBRIDGE_FN Vector<T> load_lanes(const T* from) {
  Vector<T> lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <class T, class Lanes>
OPSBRIDGE_FN void store_lanes(T* to, Lanes lanes) {
  static_assert(sizeof lanes == kVectorBytes, "a whole vector is stored");
  std::memcpy(to, &lanes, sizeof lanes);
}

template <class T>
OPSBRIDGE_FN Vector<T> all_lanes(T value) {
  return value - Vector<T>{};  // keeps the sign of a zero
}

// a * b + c, rounded once.
#if defined(__AVX512F__)
constexpr bool kFuses = true;
OPSBRIDGE_FN Vector<float> fused(Vector<float> a, Vector<float> b, Vector<float> c) {
  return reinterpret_cast<Vector<float>>(_mm512_fmadd_ps(
      reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(c)));
}
OPSBRIDGE_FN Vector<double> fused(Vector<double> a, Vector<double> b, Vector<double> c) {
  return reinterpret_cast<Vector<double>>(_mm512_fmadd_pd(
      reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b), reinterpret_cast<__m512d>(c)));
}
#elif defined(__FMA__)
constexpr bool kFuses = true;
OPSBRIDGE_FN Vector<float> fused(Vector<float> a, Vector<float> b, Vector<float> c) {
  return reinterpret_cast<Vector<float>>(_mm256_fmadd_ps(
      reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b), reinterpret_cast<__m256>(c)));
}
OPSBRIDGE_FN Vector<double> fused(Vector<double> a, Vector<double> b, Vector<double> c) {
  return reinterpret_cast<Vector<double>>(_mm256_fmadd_pd(
      reinterpret_cast<__m256d>(a), reinterpret_cast<__m256d>(b), reinterpret_cast<__m256d>(c)));
}
#else
constexpr bool kFuses = false;
#endif

// Stores past the caches, to a multiple of the vector's size: a large result is not read back soon,
// and what it would push out of the caches is. end_streaming() comes before another thread reads.
template <class T, class Lanes>
OPSBRIDGE_FN void stream_lanes(T* to, Lanes lanes) {
  static_assert(sizeof lanes == kVectorBytes, "a whole vector is stored");
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), reinterpret_cast<__m512i>(lanes));
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(lanes));
#elif defined(__SSE2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), reinterpret_cast<__m128i>(lanes));
#else
  store_lanes(to, lanes);
#endif
}

OPSBRIDGE_FN void end_streaming() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

// One bit per lane of a comparison, the first lane lowest.
OPSBRIDGE_FN uint32_t lane_bits(Vector<int32_t> comparison) {
#if defined(__AVX512F__)
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(comparison));
#elif defined(__AVX2__)
  return uint32_t(_mm256_movemask_ps(reinterpret_cast<__m256>(comparison)));
#elif defined(__SSE2__)
  return uint32_t(_mm_movemask_ps(reinterpret_cast<__m128>(comparison)));
#else
  uint32_t bits = 0;
  for (int lane = 0; lane < kLanes<int32_t>; ++lane) bits |= (comparison[lane] != 0) << lane;
  return bits;
#endif
}

OPSBRIDGE_FN uint32_t lane_bits(Vector<int64_t> comparison) {
#if defined(__AVX512F__)
  return _mm512_movepi64_mask(reinterpret_cast<__m512i>(comparison));
#elif defined(__AVX2__)
  return uint32_t(_mm256_movemask_pd(reinterpret_cast<__m256d>(comparison)));
#elif defined(__SSE2__)
  return uint32_t(_mm_movemask_pd(reinterpret_cast<__m128d>(comparison)));
#else
  uint32_t bits = 0;
  for (int lane = 0; lane < kLanes<int64_t>; ++lane) bits |= (comparison[lane] != 0) << lane;
  return bits;
#endif
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
