// Where candidates lie in the array in which the frameworks swap and replace them. Host and device.
#pragma once

#include <cstdint>

#include "opsbridge/bits.h"

namespace opsbridge {

// Of equal scores the frameworks select the one that they come to first, and nothing else depends
// on positions: so selections note what they do, and the array follows them when somebody asks.
struct SoftPositions {
  // Noted, in order: what was selected, what was dropped, and how much was by the end of each step.
  uint32_t* selected;
  uint32_t* dropped;
  uint32_t* dropped_by;

  // The array, as it is after so many selections.
  bool is_started;
  uint32_t steps;
  uint32_t live;         // candidates that are not dropped: these are at the lowest positions
  uint32_t* position;    // of a candidate
  uint32_t* candidate;   // by position
  uint64_t* is_dropped;  // one bit by position
};

OPSBRIDGE_FN void place_all(SoftPositions& p) {
  p.is_started = true;
  for (uint32_t i = 0; i < p.live; ++i) p.position[i] = p.candidate[i] = i;
  for (uint32_t word = 0; word <= p.live / 64; ++word) p.is_dropped[word] = 0;
}

OPSBRIDGE_FN void place_at(SoftPositions& p, uint32_t candidate, uint32_t to) {
  p.candidate[to] = candidate;
  p.position[candidate] = to;
}

// The last live candidate takes a dropped one's position, unless it is dropped itself.
OPSBRIDGE_FN void replace_by_last(SoftPositions& p, uint32_t position) {
  for (;;) {
    const uint32_t last = --p.live;
    if (last == position) return;
    const uint64_t bit = uint64_t(1) << (last % 64);
    if ((p.is_dropped[last / 64] & bit) == 0) return place_at(p, p.candidate[last], position);
    p.is_dropped[last / 64] &= ~bit;
  }
}

// Bits are set below `live` only: what is dropped was live, and a last one that is dropped itself
// loses its bit with its place.
OPSBRIDGE_FN void replace_dropped(SoftPositions& p, uint32_t begin, uint32_t end) {
  uint32_t first = UINT32_MAX, last = 0;  // words
  for (uint32_t i = begin; i < end; ++i) {
    const uint32_t position = p.position[p.dropped[i]], word = position / 64;
    p.is_dropped[word] |= uint64_t(1) << (position % 64);
    if (word < first) first = word;
    if (word > last) last = word;
  }
  for (uint32_t word = first; word <= last; ++word) {
    while (p.is_dropped[word] != 0) {
      const uint32_t position = word * 64 + uint32_t(lowest_bit(p.is_dropped[word]));
      p.is_dropped[word] &= p.is_dropped[word] - 1;
      replace_by_last(p, position);
    }
  }
}

// Follows the selections up to so many.
OPSBRIDGE_FN void follow(SoftPositions& p, uint32_t steps) {
  if (!p.is_started) place_all(p);
  for (; p.steps < steps; ++p.steps) {
    const uint32_t selected = p.selected[p.steps];
    const uint32_t from = p.position[selected];
    place_at(p, p.candidate[p.steps], from);
    place_at(p, selected, p.steps);
    replace_dropped(p, p.steps == 0 ? 0 : p.dropped_by[p.steps - 1], p.dropped_by[p.steps]);
  }
}

}  // namespace opsbridge
