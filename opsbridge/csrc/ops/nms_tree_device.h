// Many boxes: those that the first ones do not drop are put in an order of the plane, with bounds
// of each 32 and of each 1024 of them, and every box looks only where it can meet better ones. The
// bounds are tested by the arithmetic of the boxes: subtraction, maximum and product of what is not
// negative never fall when a box grows, however they round, so boxes whose bounds have no overlap
// have none. Included by ops/nms_cuda.cu only.
#pragma once

#include "cuda/workspace.h"
#include "ops/nms_candidates_device.h"

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

// Drops what the kept ones of the first `head` boxes drop, and gives keys to what is left. Where
// most of those are kept this would not pay, and they go to the tree themselves. A crew looks at 32
// boxes, its warps at different kept ones.
template <class A>
struct FilterByHead {
  static constexpr int kWarps = 8, kTile = 64;
  struct Shared {
    Box<A> kept[kTile];
    uint64_t groups[kTile];
    unsigned dropped;
  };
  Candidates<A> all;
  int64_t head;
  const uint32_t* kept_ranks;
  const uint32_t* kept_count;
  uint32_t* keys;
  uint32_t* ranks;
  unsigned long long* drawn;  // by those that come next: nothing yet

  template <class Crew>
  OPSBRIDGE_MEMBER void operator()(const Crew& crew, Shared& shared, int64_t part) const {
    const int64_t first = part * kWarpSize, kept = *kept_count;
    const bool pays = 2 * kept < head;
    const int thread = crew.warp() * crew.lanes() + crew.lane();
    if (thread == 0) shared.dropped = 0;
    if (thread == 0 && part == 0) *drawn = 0;
    for (int64_t begin = 0; pays && first + kWarpSize > head && begin < kept; begin += kTile) {
      const int count = static_cast<int>(kept - begin < kTile ? kept - begin : kTile);
      for (int i = thread; i < count; i += crew.warps() * crew.lanes()) {
        shared.kept[i] = all.boxes[kept_ranks[begin + i]];
        shared.groups[i] = all.group(kept_ranks[begin + i]);
      }
      crew.wait_for_all();
      for (int bit = 0; bit < kWarpSize; bit += crew.lanes()) {
        const int64_t rank = first + bit + crew.lane();
        const bool is_left = ((shared.dropped >> (bit + crew.lane())) & 1) == 0;
        const unsigned hits =
            crew.ballot(is_left && is_undecided(rank) && is_dropped(crew, shared, count, rank))
            << bit;
        crew.wait_for_all();
        if (crew.lane() == 0 && hits != 0) set_bits(&shared.dropped, hits);
      }
      crew.wait_for_all();
    }
    crew.wait_for_all();
    if (crew.warp() != 0) return;
    for (int bit = crew.lane(); bit < kWarpSize && first + bit < all.count; bit += crew.lanes()) {
      finish(first + bit, ((shared.dropped >> bit) & 1) != 0, pays);
    }
  }

  OPSBRIDGE_MEMBER bool is_undecided(int64_t rank) const {
    return rank >= head && rank < all.count && all.states[rank] == kUndecided;
  }

  template <class Crew>
  OPSBRIDGE_MEMBER bool is_dropped(const Crew& crew, const Shared& shared, int count,
                                   int64_t rank) const {
    const Box<A> own = all.boxes[rank];
    const uint64_t group = all.group(rank);
    for (int i = crew.warp(); i < count; i += crew.warps()) {
      if (shared.groups[i] == group && all.drops(shared.kept[i], own)) return true;
    }
    return false;
  }

  OPSBRIDGE_MEMBER void finish(int64_t rank, bool is_dropped, bool pays) const {
    if (is_dropped) all.states[rank] = kDropped;
    const bool is_in_tree =
        rank < head ? !pays && all.states[rank] == kKept : is_undecided(rank) && !is_dropped;
    keys[rank] =
        is_in_tree ? place_key(all.boxes[rank], all.groups != nullptr, all.group(rank)) : kNoRank;
    ranks[rank] = static_cast<uint32_t>(rank);
  }
};

// Four coordinates that one instruction reads.
template <class A>
struct alignas(4 * sizeof(A)) Corners {
  A x1, y1, x2, y2;
};

template <class A>
OPSBRIDGE_FN Corners<A> corners_of(const Box<A>& box) {
  return Corners<A>{box.x1, box.y1, box.x2, box.y2};
}
template <class A>
OPSBRIDGE_FN Box<A> box_of_corners(const Corners<A>& corners, A area) {
  return Box<A>{corners.x1, corners.y1, corners.x2, corners.y2, area};
}

// What some boxes have in common: bounds, the best rank and marks of groups. Without a best rank
// there are none.
template <class A>
struct Bounds {
  Corners<A> corners;
  uint32_t best;
  uint16_t low_mark, high_mark;
  bool is_open;  // a coordinate is not finite, and nothing is known

  OPSBRIDGE_MEMBER void add(const Bounds& other) {
    if (other.best == kNoRank) return;
    if (best == kNoRank) {
      *this = other;
      return;
    }
    corners.x1 = smaller(corners.x1, other.corners.x1);
    corners.y1 = smaller(corners.y1, other.corners.y1);
    corners.x2 = larger(corners.x2, other.corners.x2);
    corners.y2 = larger(corners.y2, other.corners.y2);
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
  return Bounds<A>{corners_of(box), rank, mark, mark, is_open};
}

// Bounds of one size, an array for each part, so that 32 threads read neighbouring words.
template <class A>
struct Level {
  Corners<A>* corners;
  uint32_t* best;
  uint32_t* marks;  // low, high and is_open

  static Level take(Workspace& workspace, int64_t count) {
    Corners<A>* corners = workspace.take<Corners<A>>(count);
    uint32_t* best = workspace.take<uint32_t>(count);
    return Level{corners, best, workspace.take<uint32_t>(count)};
  }

  OPSBRIDGE_MEMBER void put(int64_t at, const Bounds<A>& bounds) const {
    best[at] = bounds.best;
    if (bounds.best == kNoRank) return;
    corners[at] = bounds.corners;
    marks[at] = bounds.low_mark | uint32_t(bounds.high_mark) << 12 | uint32_t(bounds.is_open) << 24;
  }
  OPSBRIDGE_MEMBER Bounds<A> get(int64_t at) const {
    Bounds<A> bounds;
    bounds.best = best[at];
    if (bounds.best == kNoRank) return bounds;
    const uint32_t mark = marks[at];
    bounds.corners = corners[at];
    bounds.low_mark = static_cast<uint16_t>(mark & 0xfff);
    bounds.high_mark = static_cast<uint16_t>((mark >> 12) & 0xfff);
    bounds.is_open = (mark >> 24) != 0;
    return bounds;
  }
};

template <class A>
struct Tree {
  // Boxes in the order of the plane; those without a key have no rank.
  Corners<A>* corners;
  A* areas;
  uint32_t* ranks;
  Level<A> tiles, squares, fields;  // of 32 boxes, tiles, squares each

  OPSBRIDGE_MEMBER static int64_t field_count(int64_t boxes) {
    return (boxes + kFan * kFan * kFan - 1) / (kFan * kFan * kFan);
  }
};

// One square of the tree: its boxes, its tiles and itself.
template <class A>
struct BuildSquare {
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
        if (keys[at] == kNoRank) {
          tree.ranks[at] = kNoRank;
          continue;
        }
        const uint32_t rank = tree.ranks[at];
        const Box<A> box = all.boxes[rank];
        tree.corners[at] = corners_of(box);
        tree.areas[at] = box.area;
        shared.parts[thread].add(bounds_of(all, box, rank));
      }
    });
    block.each([&](int thread) {
      if (thread >= kFan) return;
      Bounds<A> tile = shared.parts[thread * kThreadsPerTile];
      for (int i = 1; i < kThreadsPerTile; ++i) {
        tile.add(shared.parts[thread * kThreadsPerTile + i]);
      }
      shared.tiles[thread] = tile;
      tree.tiles.put(square * kFan + thread, tile);
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      Bounds<A> all_tiles = shared.tiles[0];
      for (int i = 1; i < kFan; ++i) all_tiles.add(shared.tiles[i]);
      tree.squares.put(square, all_tiles);
    });
  }
};

template <class A>
struct BuildField {
  Tree<A> tree;
  OPSBRIDGE_MEMBER void operator()(int64_t field) const {
    Bounds<A> all_squares = tree.squares.get(field * kFan);
    for (int64_t i = 1; i < kFan; ++i) all_squares.add(tree.squares.get(field * kFan + i));
    tree.fields.put(field, all_squares);
  }
};

// A box is dropped at the first kept one that it meets and that drops it. It has to wait only for
// boxes that drop it if they are kept and are not decided themselves, and does so once it has met
// all; boxes are drawn by rank, so those are decided or run.
template <class A>
struct DecideInTree {
  Candidates<A> all;
  Tree<A> tree;

  // Ranks of boxes that a thread waits for.
  struct Waits {
    static constexpr int kMost = 4;
    uint32_t ranks[kMost];
    int count = 0;
  };

  template <class Team>
  OPSBRIDGE_MEMBER void operator()(const Team& team, int64_t rank) const {
    if (all.states[rank] != kUndecided) return;
    const bool stays = stays_in_tree(team, static_cast<uint32_t>(rank));
    if (team.lane() == 0) {
      const_cast<volatile uint8_t*>(all.states)[rank] = stays ? kKept : kDropped;
    }
  }

  template <class Team>
  OPSBRIDGE_MEMBER bool stays_in_tree(const Team& team, uint32_t rank) const {
    const Box<A> box = all.boxes[rank];
    const Bounds<A> own = bounds_of(all, box, rank);
    const int64_t fields = Tree<A>::field_count(all.count);
    Waits waits;
    for (int64_t first = 0; first < fields; first += kFan) {
      const int64_t count = fields - first < kFan ? fields - first : kFan;
      // One field alone has no bounds.
      unsigned f = fields == 1 ? 1 : met(team, tree.fields, first, count, own);
      for (; f != 0; f &= f - 1) {
        const int64_t squares = (first + lowest_bit(f)) * kFan;
        for (unsigned s = met(team, tree.squares, squares, kFan, own); s != 0; s &= s - 1) {
          const int64_t tiles = (squares + lowest_bit(s)) * kFan;
          for (unsigned t = met(team, tree.tiles, tiles, kFan, own); t != 0; t &= t - 1) {
            if (!stays_in_tile(team, (tiles + lowest_bit(t)) * kFan, box, rank, waits))
              return false;
          }
        }
      }
    }
    return stays_after(team, waits);
  }

  // Which of some bounds can hold boxes that drop this one.
  template <class Team>
  OPSBRIDGE_MEMBER unsigned met(const Team& team, const Level<A>& level, int64_t begin,
                                int64_t count, const Bounds<A>& own) const {
    unsigned bits = 0;
    for (int64_t first = 0; first < count; first += team.size()) {
      const int64_t at = first + team.lane();
      const bool can =
          at < count && level.best[begin + at] < own.best && can_hold(level.get(begin + at), own);
      bits |= team.ballot(can) << first;
    }
    return bits;
  }

  OPSBRIDGE_MEMBER bool can_hold(const Bounds<A>& bounds, const Bounds<A>& own) const {
    if (bounds.low_mark > own.low_mark || own.low_mark > bounds.high_mark) return false;
    if (!all.disjoint_boxes_stay || bounds.is_open || own.is_open) return true;
    return intersection(box_of_corners(bounds.corners, A(0)), box_of_corners(own.corners, A(0)),
                        all.rule.box_offset) > A(0);
  }

  // False if a kept box of a tile drops this one; adds those that have to be waited for.
  template <class Team>
  OPSBRIDGE_MEMBER bool stays_in_tile(const Team& team, int64_t tile, const Box<A>& own,
                                      uint32_t rank, Waits& waits) const {
    for (int64_t first = tile; first < tile + kFan; first += team.size()) {
      const int64_t at = first + team.lane();
      const uint32_t other = at < all.count ? tree.ranks[at] : kNoRank;
      const bool hits = other < rank && state(other) != kDropped &&
                        all.drops(box_of_corners(tree.corners[at], tree.areas[at]), own) &&
                        all.group(other) == all.group(rank);
      if (team.ballot(hits) == 0) continue;
      const uint8_t of_hit = hits ? state(other) : kDropped;
      if (team.ballot(of_hit == kKept) != 0) return false;
      if (of_hit == kUndecided) waits.ranks[waits.count++] = other;
      if (team.ballot(waits.count == Waits::kMost) != 0 && !stays_after(team, waits)) return false;
    }
    return true;
  }

  // Whether all boxes that were waited for are dropped.
  template <class Team>
  OPSBRIDGE_MEMBER bool stays_after(const Team& team, Waits& waits) const {
    for (int i = 0; i < Waits::kMost; ++i) {
      for (bool has_more = true; has_more;) {
        const uint8_t of_hit = i < waits.count ? state(waits.ranks[i]) : kDropped;
        if (team.ballot(of_hit == kKept) != 0) return false;
        has_more = team.ballot(of_hit == kUndecided) != 0;
      }
    }
    waits.count = 0;
    return true;
  }

  OPSBRIDGE_MEMBER uint8_t state(uint32_t rank) const {
    return const_cast<const volatile uint8_t*>(all.states)[rank];
  }
};

}  // namespace opsbridge
