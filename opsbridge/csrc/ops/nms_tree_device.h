// Many boxes: those that the first ones do not drop are put in an order of the plane, with bounds
// of each 32 and of each 1024 of them, and every box looks only where it can meet better ones. The
// bounds are tested by the arithmetic of the boxes: subtraction, maximum and product of what is not
// negative never fall when a box grows, however they round, so boxes whose bounds have no overlap
// have none. Included by ops/nms_cuda.cu only.
#pragma once

#include "ops/nms_pairs_device.h"

namespace opsbridge {

constexpr uint32_t kNoRank = ~0u;
constexpr int64_t kFan = 32;

// Where a coordinate is, in steps that are finer near zero: 32 octaves from 2^-8 on, on both sides.
OPSBRIDGE_FN uint32_t step_on_axis(float at, int bits) {
  const float lowest = 0.00390625f, highest = 16777215.0f;
  float size = at < 0 ? -at : at;
  size = !(size > lowest) ? lowest : size > highest ? highest : size;
  const uint32_t step = (float_bits(size) - float_bits(lowest)) >> (29 - bits);
  const uint32_t middle = 1u << (bits - 1);
  return at < 0 ? middle - 1 - step : middle + step;
}

// The 16 bits of a number, each followed by a zero.
OPSBRIDGE_FN uint32_t spread_bits(uint32_t bits) {
  bits = (bits | (bits << 8)) & 0x00ff00ffu;
  bits = (bits | (bits << 4)) & 0x0f0f0f0fu;
  bits = (bits | (bits << 2)) & 0x33333333u;
  return (bits | (bits << 1)) & 0x55555555u;
}

// Twelve bits of a group; groups with the same ones are told apart by the test of a pair.
OPSBRIDGE_FN uint32_t group_mark(uint64_t group) {
  return uint32_t((group * 0x9e3779b97f4a7c15u) >> 52);
}

// Near boxes of one group have near keys.
template <class A>
OPSBRIDGE_FN uint32_t place_key(const Box<A>& box, bool has_groups, uint64_t group) {
  const int bits = has_groups ? 10 : 16;
  const float x = 0.5f * static_cast<float>(box.x1) + 0.5f * static_cast<float>(box.x2);
  const float y = 0.5f * static_cast<float>(box.y1) + 0.5f * static_cast<float>(box.y2);
  const uint32_t place =
      spread_bits(step_on_axis(x, bits)) | (spread_bits(step_on_axis(y, bits)) << 1);
  const uint32_t key = has_groups ? (group_mark(group) << 20) | place : place;
  return key == kNoRank ? kNoRank - 1 : key;
}

// Drops what the kept ones of the first `head` boxes drop, and gives keys to what is left.
template <class A>
struct FilterByHead {
  struct Shared {
    Box<A> kept[kThreadsPerBlock];
    uint64_t groups[kThreadsPerBlock];
  };
  struct Own {
    Box<A> box;
    uint64_t group;
    bool is_left;
  };
  Candidates<A> all;
  int64_t head;
  const uint32_t* kept_ranks;
  const uint32_t* kept_count;
  uint32_t* keys;
  uint32_t* ranks;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t part) const {
    PerThread<Own> owns;
    const int64_t first = part * kThreadsPerBlock, kept = *kept_count;
    block.each([&](int thread) {
      const int64_t rank = first + thread;
      Own& own = owns[thread];
      own.is_left = rank >= head && rank < all.count && all.states[rank] == kUndecided;
      if (!own.is_left) return;
      own.box = all.boxes[rank];
      own.group = all.group(rank);
    });
    for (int64_t begin = 0; begin < kept; begin += kThreadsPerBlock) {
      block.each([&](int thread) {
        if (begin + thread >= kept) return;
        const int64_t rank = kept_ranks[begin + thread];
        shared.kept[thread] = all.boxes[rank];
        shared.groups[thread] = all.group(rank);
      });
      const int64_t count = kept - begin < kThreadsPerBlock ? kept - begin : kThreadsPerBlock;
      block.each([&](int thread) {
        Own& own = owns[thread];
        for (int64_t i = 0; i < count && own.is_left; ++i) {
          own.is_left = !(shared.groups[i] == own.group && all.drops(shared.kept[i], own.box));
        }
      });
    }
    block.each([&](int thread) {
      const int64_t rank = first + thread;
      if (rank >= all.count) return;
      const Own& own = owns[thread];
      if (rank >= head && !own.is_left) all.states[rank] = kDropped;
      keys[rank] = own.is_left ? place_key(own.box, all.groups != nullptr, own.group) : kNoRank;
      ranks[rank] = static_cast<uint32_t>(rank);
    });
  }
};

// What some boxes have in common: bounds, the best rank and marks of groups. Without a best rank
// there are none.
template <class A>
struct Bounds {
  Box<A> box;  // without an area
  uint32_t best;
  uint16_t low_mark, high_mark;
  bool is_open;  // a coordinate is not finite, and nothing is known

  OPSBRIDGE_MEMBER void add(const Bounds& other) {
    if (other.best == kNoRank) return;
    if (best == kNoRank) {
      *this = other;
      return;
    }
    box.x1 = smaller(box.x1, other.box.x1);
    box.y1 = smaller(box.y1, other.box.y1);
    box.x2 = larger(box.x2, other.box.x2);
    box.y2 = larger(box.y2, other.box.y2);
    best = smaller(best, other.best);
    low_mark = smaller(low_mark, other.low_mark);
    high_mark = larger(high_mark, other.high_mark);
    is_open = is_open || other.is_open;
  }
};

template <class A>
OPSBRIDGE_FN bool is_finite(A value) {
  return value - value == A(0);
}

template <class A>
OPSBRIDGE_FN Bounds<A> bounds_of(const Candidates<A>& all, const Box<A>& box, uint32_t rank) {
  const uint16_t mark = static_cast<uint16_t>(group_mark(all.group(rank)));
  const bool is_open =
      !(is_finite(box.x1) && is_finite(box.y1) && is_finite(box.x2) && is_finite(box.y2));
  return Bounds<A>{box, rank, mark, mark, is_open};
}

template <class A>
struct Tree {
  Box<A>* boxes;          // in the order of the plane
  const uint32_t* ranks;  // of those
  Bounds<A>* tiles;       // of 32 boxes each
  Bounds<A>* squares;     // of 32 tiles each

  OPSBRIDGE_MEMBER static int64_t square_count(int64_t boxes) {
    return (boxes + kFan * kFan - 1) / (kFan * kFan);
  }
};

// One square of the tree: its boxes, its tiles and itself.
template <class A>
struct BuildTree {
  static constexpr int kPerThread = kFan * kFan / kThreadsPerBlock;
  static constexpr int kThreadsPerTile = kFan / kPerThread;
  struct Shared {
    Bounds<A> parts[kThreadsPerBlock];
    Bounds<A> tiles[kFan];
  };
  Candidates<A> all;
  const uint32_t* keys;
  Tree<A> tree;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t square) const {
    block.each([&](int thread) {
      shared.parts[thread].best = kNoRank;
      const int64_t first = square * kFan * kFan + thread * kPerThread;
      for (int64_t at = first; at < first + kPerThread && at < all.count; ++at) {
        if (keys[at] == kNoRank) return;
        const uint32_t rank = tree.ranks[at];
        const Box<A> box = all.boxes[rank];
        tree.boxes[at] = box;
        shared.parts[thread].add(bounds_of(all, box, rank));
      }
    });
    block.each([&](int thread) {
      if (thread >= kFan) return;
      Bounds<A> tile = shared.parts[thread * kThreadsPerTile];
      for (int i = 1; i < kThreadsPerTile; ++i)
        tile.add(shared.parts[thread * kThreadsPerTile + i]);
      shared.tiles[thread] = tile;
      tree.tiles[square * kFan + thread] = tile;
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      Bounds<A> all_tiles = shared.tiles[0];
      for (int i = 1; i < kFan; ++i) all_tiles.add(shared.tiles[i]);
      tree.squares[square] = all_tiles;
    });
  }
};

// A box is dropped at the first kept one that it meets and that drops it. It has to wait only for
// boxes that drop it if they are kept and are not decided themselves; boxes are drawn by rank, so
// those are decided or run.
template <class A>
struct DecideInTree {
  Candidates<A> all;
  Tree<A> tree;
  int64_t head;

  template <class Team>
  OPSBRIDGE_MEMBER void operator()(const Team& team, int64_t rank) const {
    if (all.states[rank] != kUndecided) return;
    const Bounds<A> own = bounds_of(all, all.boxes[rank], static_cast<uint32_t>(rank));
    const int64_t squares = Tree<A>::square_count(all.count);
    bool stays = true;
    for (int64_t first = 0; first < squares && stays; first += kFan) {
      const int64_t count = squares - first < kFan ? squares - first : kFan;
      for (unsigned in = met(team, tree.squares + first, count, own); in != 0 && stays;
           in &= in - 1) {
        const int64_t tiles = (first + lowest_bit(in)) * kFan;
        for (unsigned of = met(team, tree.tiles + tiles, kFan, own); of != 0 && stays;
             of &= of - 1) {
          stays = stays_in(team, (tiles + lowest_bit(of)) * kFan, own);
        }
      }
    }
    if (team.lane() == 0) set_state(rank, stays ? kKept : kDropped);
  }

  // Which of some bounds can hold boxes that drop this one.
  template <class Team>
  OPSBRIDGE_MEMBER unsigned met(const Team& team, const Bounds<A>* bounds, int64_t count,
                                const Bounds<A>& own) const {
    unsigned bits = 0;
    for (int64_t first = 0; first < count; first += team.size()) {
      const int64_t at = first + team.lane();
      bits |= team.ballot(at < count && can_hold(bounds[at], own)) << first;
    }
    return bits;
  }

  OPSBRIDGE_MEMBER bool can_hold(const Bounds<A>& bounds, const Bounds<A>& own) const {
    if (!(bounds.best < own.best && bounds.low_mark <= own.low_mark &&
          own.low_mark <= bounds.high_mark)) {
      return false;
    }
    return !all.disjoint_boxes_stay || bounds.is_open || own.is_open ||
           intersection(bounds.box, own.box, all.rule.box_offset) > A(0);
  }

  // Whether no kept box of a tile drops this one.
  template <class Team>
  OPSBRIDGE_MEMBER bool stays_in(const Team& team, int64_t tile, const Bounds<A>& own) const {
    for (int64_t first = tile; first < tile + kFan; first += team.size()) {
      const int64_t at = first + team.lane();
      const uint32_t other = at < all.count ? tree.ranks[at] : kNoRank;
      const bool hits = other < own.best && state(other) != kDropped && is_in_tree(other) &&
                        all.drops(tree.boxes[at], own.box) &&
                        all.group(other) == all.group(own.best);
      for (unsigned left = team.ballot(hits); left != 0; left &= left - 1) {
        const uint32_t hit = tree.ranks[first + lowest_bit(left)];
        uint8_t of_hit = kUndecided;
        while (of_hit == kUndecided) of_hit = state(hit);
        if (of_hit == kKept) return false;
      }
    }
    return true;
  }

  OPSBRIDGE_MEMBER uint8_t state(int64_t rank) const {
    return const_cast<const volatile uint8_t*>(all.states)[rank];
  }
  OPSBRIDGE_MEMBER void set_state(int64_t rank, uint8_t state) const {
    const_cast<volatile uint8_t*>(all.states)[rank] = state;
  }
  // The first boxes were looked at before, and have no copy in the tree.
  OPSBRIDGE_MEMBER bool is_in_tree(int64_t rank) const { return rank >= head; }
};

}  // namespace opsbridge
