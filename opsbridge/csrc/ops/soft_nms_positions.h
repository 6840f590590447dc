// Where candidates lie in the array in which the frameworks swap and replace them. Host only.
#pragma once

#include <cstdint>

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

// Follows the selections up to so many.
void follow(SoftPositions& positions, uint32_t steps);

}  // namespace opsbridge
