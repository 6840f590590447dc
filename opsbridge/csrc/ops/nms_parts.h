// Candidates that are ordered part by part, the best ones first: what those drop needs no order.
// Host only.
#pragma once

#include <algorithm>

#include "ops/nms_scratch.h"
#include "ops/radix_order.h"

namespace opsbridge {

// Candidates in input order; the lowest key is the best one's.
template <class Key>
struct Unordered {
  uint32_t* rows;
  Key* keys;
  uint32_t count;
};

// Up to here ordering all of them is the cheapest.
constexpr uint32_t kFewCandidates = 256;

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

// Moves the candidates whose keys do not exceed `last` to `best`.
template <class Key>
void take_best(Unordered<Key>& candidates, Key last, Unordered<Key>& best) {
  uint32_t taken = 0, left = 0;
  for (uint32_t i = 0; i < candidates.count; ++i) {
    const uint32_t row = candidates.rows[i];
    const Key key = candidates.keys[i];
    best.rows[taken] = candidates.rows[left] = row;
    best.keys[taken] = candidates.keys[left] = key;
    taken += key <= last;
    left += key > last;
  }
  best.count = taken;
  candidates.count = left;
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
    best = {scratch.take<uint32_t>(candidates.count), scratch.take<Key>(candidates.count), 0};
    take_best(candidates, guess_best(candidates), best);
  } else {
    candidates.count = 0;
  }
  rank_all(best, ranked);
  return best.count;
}

}  // namespace opsbridge
