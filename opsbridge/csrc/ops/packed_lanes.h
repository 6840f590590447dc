// Lanes that are moved together. For files that are compiled once per level only (OPSBRIDGE_LEVEL);
// host only.
#pragma once

#include "ops/vectors.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// Writes those of 16 numbers whose bits are set side by side; may write all 16 beyond `to`, which
// may lie up to `from`.
template <class T>
OPSBRIDGE_FN void pack_lanes(const T* from, uint32_t bits, T* to) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    const __m512i lanes = _mm512_loadu_si512(from);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(__mmask16(bits), lanes));
  } else {
    const __m512i low = _mm512_loadu_si512(from), high = _mm512_loadu_si512(from + 8);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi64(__mmask8(bits), low));
    _mm512_storeu_si512(to + __builtin_popcount(bits & 0xff),
                        _mm512_maskz_compress_epi64(__mmask8(bits >> 8), high));
  }
#else
  for (uint32_t lane = 0; lane < 16; ++lane) {
    *to = from[lane];
    to += bits >> lane & 1;
  }
#endif
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
