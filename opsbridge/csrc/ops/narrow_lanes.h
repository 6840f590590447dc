// Numbers of any type as lanes: 16-bit floats are widened to float, and rounded back to what their
// scalar types (opsbridge/half.h) would hold. Once per level (OPSBRIDGE_LEVEL), host only.
#pragma once

#include <type_traits>

#include "ops/vectors.h"
#include "opsbridge/half.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// What a lane holds.
template <class S>
struct LaneNumber {
  using Type = S;
};
template <class Format>
struct LaneNumber<SmallFloat<Format>> {
  using Type = float;
};
template <class S>
using LaneOf = typename LaneNumber<S>::Type;

template <class T>
using HalfVector __attribute__((vector_size(kVectorBytes / 2))) = T;

#if defined(__F16C__)
// The masked forms of AVX-512, with every lane on: those without a mask draw warnings from GCC.
#if defined(__AVX512F__)
constexpr __mmask16 kEveryLane = 0xffff;
OPSBRIDGE_FN __m256i narrowed(Vector<float> lanes) {
  return _mm512_maskz_cvtps_ph(kEveryLane, lanes, _MM_FROUND_TO_NEAREST_INT);
}
OPSBRIDGE_FN Vector<float> widened(__m256i lanes) {
  return _mm512_maskz_cvtph_ps(kEveryLane, lanes);
}
#else
OPSBRIDGE_FN __m128i narrowed(Vector<float> lanes) {
  return _mm256_cvtps_ph(lanes, _MM_FROUND_TO_NEAREST_INT);
}
OPSBRIDGE_FN Vector<float> widened(__m128i lanes) { return _mm256_cvtph_ps(lanes); }
#endif
#endif

OPSBRIDGE_FN Vector<float> joined(HalfVector<float> low, HalfVector<float> high) {
#if defined(__AVX512F__)
  return _mm512_maskz_insertf32x8(kEveryLane, _mm512_castps256_ps512(low), high, 1);
#elif defined(__AVX2__)
  return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
#else
  const HalfVector<float> halves[] = {low, high};
  Vector<float> both;
  std::memcpy(&both, halves, sizeof both);
  return both;
#endif
}

// BrainFormat::narrow, lane by lane.
OPSBRIDGE_FN Vector<uint32_t> brain_bits(Vector<float> lanes) {
  const Vector<uint32_t> bits = reinterpret_cast<Vector<uint32_t>>(lanes);
  const Vector<uint32_t> rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return lanes != lanes ? Vector<uint32_t>{} + 0x7fc0 : rounded;
}

template <class S>
OPSBRIDGE_FN Vector<LaneOf<S>> load_as_lanes(const S* from) {
  return load_lanes(from);
}
OPSBRIDGE_FN Vector<float> load_as_lanes(const Half* from) {
#if defined(__F16C__)
  decltype(narrowed(Vector<float>{})) bits;
  std::memcpy(&bits, from, sizeof bits);
  return widened(bits);
#else
  Vector<float> lanes{};
  for (int lane = 0; lane < kLanes<float>; ++lane) lanes[lane] = float(from[lane]);
  return lanes;
#endif
}
OPSBRIDGE_FN Vector<float> load_as_lanes(const BrainFloat* from) {
  HalfVector<uint16_t> bits;
  std::memcpy(&bits, from, sizeof bits);
  return reinterpret_cast<Vector<float>>(__builtin_convertvector(bits, Vector<uint32_t>) << 16);
}

template <class S, class Lanes>
OPSBRIDGE_FN void store_from_lanes(S* to, Lanes lanes) {
  store_lanes(to, lanes);
}
OPSBRIDGE_FN void store_from_lanes(Half* to, Vector<float> lanes) {
#if defined(__F16C__)
  const auto bits = narrowed(lanes);
  std::memcpy(to, &bits, sizeof bits);
#else
  for (int lane = 0; lane < kLanes<float>; ++lane) to[lane] = Half(lanes[lane]);
#endif
}
OPSBRIDGE_FN void store_from_lanes(BrainFloat* to, Vector<float> lanes) {
  const auto bits = __builtin_convertvector(brain_bits(lanes), HalfVector<uint16_t>);
  std::memcpy(to, &bits, sizeof bits);
}

// What is left of lanes that are stored as S and loaded again.
template <class S>
OPSBRIDGE_FN Vector<LaneOf<S>> rounded_lanes(Vector<LaneOf<S>> lanes) {
  if constexpr (std::is_same_v<S, Half>) {
#if defined(__F16C__)
    return widened(narrowed(lanes));
#else
    for (int lane = 0; lane < kLanes<float>; ++lane) lanes[lane] = float(Half(lanes[lane]));
    return lanes;
#endif
  } else if constexpr (std::is_same_v<S, BrainFloat>) {
    return reinterpret_cast<Vector<float>>(brain_bits(lanes) << 16);
  } else {
    return lanes;
  }
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
