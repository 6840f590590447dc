#include "ops/soft_nms_positions.h"

namespace opsbridge {
namespace {

void start(SoftPositions& p) {
  p.is_started = true;
  for (uint32_t i = 0; i < p.live; ++i) p.position[i] = p.candidate[i] = i;
  for (uint32_t word = 0; word <= p.live / 64; ++word) p.is_dropped[word] = 0;
}

void move(SoftPositions& p, uint32_t candidate, uint32_t to) {
  p.candidate[to] = candidate;
  p.position[candidate] = to;
}

// The last live candidate takes a dropped one's position, unless it is dropped itself.
void replace(SoftPositions& p, uint32_t position) {
  for (;;) {
    const uint32_t last = --p.live;
    if (last == position) return;
    const uint64_t bit = uint64_t(1) << (last % 64);
    if ((p.is_dropped[last / 64] & bit) == 0) return move(p, p.candidate[last], position);
    p.is_dropped[last / 64] &= ~bit;
  }
}

void replace_dropped(SoftPositions& p, uint32_t begin, uint32_t end) {
  uint32_t first = UINT32_MAX, last = 0;  // words
  for (uint32_t i = begin; i < end; ++i) {
    const uint32_t position = p.position[p.dropped[i]], word = position / 64;
    p.is_dropped[word] |= uint64_t(1) << (position % 64);
    if (word < first) first = word;
    if (word > last) last = word;
  }
  for (uint32_t word = first; word <= last; ++word) {
    while (p.is_dropped[word] != 0) {
      const uint32_t position = word * 64 + uint32_t(__builtin_ctzll(p.is_dropped[word]));
      p.is_dropped[word] &= p.is_dropped[word] - 1;
      if (position < p.live) replace(p, position);
    }
  }
}

}  // namespace

void follow(SoftPositions& p, uint32_t steps) {
  if (!p.is_started) start(p);
  for (; p.steps < steps; ++p.steps) {
    const uint32_t selected = p.selected[p.steps];
    const uint32_t from = p.position[selected];
    move(p, p.candidate[p.steps], from);
    move(p, selected, p.steps);
    replace_dropped(p, p.steps == 0 ? 0 : p.dropped_by[p.steps - 1], p.dropped_by[p.steps]);
  }
}

}  // namespace opsbridge
