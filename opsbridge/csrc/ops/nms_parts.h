// Candidates that are ordered part by part, the best ones first: what those drop needs no order.
// Host only.
#pragma once

#include <algorithm>

#include "ops/nms_candidates_levels.h"
#include "ops/nms_scratch.h"
#include "ops/radix_order.h"

namespace opsbridge {

// Up to here ordering all of them is the cheapest.
constexpr uint32_t kFewCandidates = 256;

// Parts that are smaller than this share of all candidates would be too many.
constexpr uint32_t kLeastShare = 64;

// A key that about an eighth of the candidates do not exceed, guessed by a sample of them.
template <class Key>
Key guess_best(const Unordered<Key>& candidates) {
  constexpr uint32_t kSampled = 64;
  Key sample[kSampled];
  for (uint32_t i = 0; i < kSampled; ++i) {
    sample[i] = candidates.keys[uint64_t(i) * candidates.count / kSampled];
  }
  std::nth_element(sample, sample + kSampled / 8, sample + kSampled);
  return sample[kSampled / 8];
}

template <class Key>
void rank_all(const Unordered<Key>& candidates, uint32_t* ranked) {
  radix_order(candidates.keys, candidates.count, ranked);
  for (uint32_t i = 0; i < candidates.count; ++i) ranked[i] = candidates.rows[ranked[i]];
}

// Takes out the best candidates and writes their rows in order; returns their number.
template <class Key>
uint32_t rank_best(Unordered<Key>& candidates, uint32_t* ranked) {
  Scratch scratch;
  Unordered<Key> best = candidates;
  if (candidates.count > kFewCandidates) {
    const size_t most = size_t(candidates.count) + kSpare;
    best = {scratch.take<uint32_t>(most), scratch.take<Key>(most), 0};
    OPSBRIDGE_AT_LEVEL(take_best(candidates, guess_best(candidates), best));
  } else {
    candidates.count = 0;
  }
  rank_all(best, ranked);
  if (best.count < candidates.count / kLeastShare) {
    // The sample was misleading.
    rank_all(candidates, ranked + best.count);
    best.count += candidates.count;
    candidates.count = 0;
  }
  return best.count;
}

}  // namespace opsbridge
