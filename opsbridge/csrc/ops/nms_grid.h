// Boxes in a grid by centre and size, so that a kept box meets only what it can suppress. For files
// that are compiled once per level only (OPSBRIDGE_LEVEL); host only.
//
// Suppression at a threshold t > 0 needs an overlap above t times either area. An overlap is at
// most the smaller side wide and the smaller side high, so in each axis it is longer than t times
// the longer of the two sides. Hence
//   - the sides differ by a factor of less than 1 / t in each axis, the longer sides of the boxes
//     too: only few levels of size matter;
//   - the centres are nearer than r = w (1 - t) max(1, 1 / 2t) in each axis, for a side w of the
//     kept box: half the sum of the sides less the overlap, at its largest over the other's side.
// All this holds for real numbers; a t and an r with some slack make it hold for rounded ones.
// What it lets through is decided by the exact test, so no result depends on the grid.
#pragma once

#include "ops/nms_grid_layout.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// Whole numbers, one for each lane of numbers of type H.
template <class H>
using WholeLanes __attribute__((vector_size(kLanes<H> * sizeof(int32_t)))) = int32_t;

// Where to look for what a block of boxes can suppress, at one level for each box: in rows of
// cells, each from a first one to before an end.
struct GridLooks {
  alignas(64) int32_t first[kBlock];
  alignas(64) int32_t end[kBlock];
  alignas(64) int32_t rows[kBlock];
  alignas(64) int32_t columns[kBlock];  // from one row to the next
};

// Levels that a window of sizes can span: at kLowestGridThreshold it is 9.1 octaves wide, with all
// slack, and a level is an octave then.
constexpr int kMostLooks = 12;

template <class H>
class Grid {
 public:
  Grid(const GridRule& rule, const BoxArrays<H>& boxes, uint32_t count, const GridMemory<H>& memory)
      : rule_(rule), from_(boxes), count_(count), memory_(memory), layout_(rule, boxes, count) {
    smaller_ = H(rule.ratio);
    larger_ = H(1 / rule.ratio);
    reach_ = H(grid_reach(rule.ratio));
    lowest_area_ = H(rule.lowest_area);
    extra_ = rule.has_offset ? H(1) : H(0);
    if (!layout_.has_levels) lowest_level_ = levels_at(WholeLanes<H>{});
  }

  // False where a box is so odd that the reasoning above does not cover it.
  bool build() {
    if (!find_cells()) return false;
    place_boxes();
    return true;
  }

  // Boxes of one block of slots.
  OPSBRIDGE_MEMBER BoxArrays<H> block(uint32_t number) const {
    H* const first = memory_.boxes + size_t(number) * (5 * kBlock);
    return {first, first + kBlock, first + 2 * kBlock, first + 3 * kBlock, first + 4 * kBlock};
  }

  // Finds out where to look for what the boxes of a block, from `first` on, can suppress; returns
  // at how many levels.
  OPSBRIDGE_MEMBER int look_around(uint32_t first, GridLooks* looks) const {
    int count = 0;
    for (bool has_more = true; has_more; ++count) {
      has_more = false;
      for (uint32_t part = 0; part < kBlock; part += kLanes<H>) {
        has_more |= look_from(first + part, count, part, looks[count]);
      }
    }
    return count;
  }

  // Calls body(first, end) for the slots of all boxes that a box can suppress at a level, and of
  // some more.
  template <class Body>
  OPSBRIDGE_MEMBER void for_each_range(const GridLooks& looks, uint32_t lane, Body body) const {
    const uint32_t* first = memory_.starts + looks.first[lane];
    const uint32_t* end = memory_.starts + looks.end[lane];
    const int32_t columns = looks.columns[lane];
    for (int32_t row = looks.rows[lane]; row > 0; --row, first += columns, end += columns) {
      if (*first < *end) body(*first, *end);
    }
  }

  // Asks for the boxes that such a look begins with.
  OPSBRIDGE_MEMBER void prefetch(const GridLooks& looks, uint32_t lane) const {
    const BoxArrays<H> boxes = block(memory_.starts[looks.first[lane]] / kBlock);
    __builtin_prefetch(boxes.x1);
    __builtin_prefetch(boxes.y1);
    __builtin_prefetch(boxes.x2);
    __builtin_prefetch(boxes.y2);
    __builtin_prefetch(boxes.area);
  }

 private:
  struct Shape {
    Vector<H> width, height, centre_x, centre_y, size_x, size_y, longer;
  };

  struct LevelLanes {
    Vector<H> columns_per_unit, rows_per_unit, last_column, last_row;
    WholeLanes<H> columns, first_cell;
  };

  OPSBRIDGE_MEMBER Shape shape(uint32_t first) const {
    const Vector<H> x1 = load_lanes(from_.x1 + first), y1 = load_lanes(from_.y1 + first);
    const Vector<H> x2 = load_lanes(from_.x2 + first), y2 = load_lanes(from_.y2 + first);
    const Vector<H> width = x2 - x1 + extra_, height = y2 - y1 + extra_;
    return {width,
            height,
            (x1 + x2) * H(0.5),
            (y1 + y2) * H(0.5),
            magnitude(x1) + magnitude(x2),
            magnitude(y1) + magnitude(y2),
            width > height ? width : height};
  }

  OPSBRIDGE_MEMBER static Vector<H> magnitude(Vector<H> lanes) {
    return lanes < 0 ? -lanes : lanes;
  }

  OPSBRIDGE_MEMBER WholeLanes<H> level_of(Vector<H> longer) const {
    using Floats __attribute__((vector_size(sizeof(WholeLanes<H>)))) = float;
    const auto bits = reinterpret_cast<WholeLanes<H>>(__builtin_convertvector(longer, Floats));
    const WholeLanes<H> level = (bits >> layout_.level_shift) - layout_.lowest_step;
    const WholeLanes<H> from = level > 0 ? level : WholeLanes<H>{};
    const WholeLanes<H> last = WholeLanes<H>{} + (kMostLevels - 1);
    return from < last ? from : last;
  }

  OPSBRIDGE_MEMBER LevelLanes levels_at(WholeLanes<H> numbers) const {
    LevelLanes lanes;
    for (int lane = 0; lane < kLanes<H>; ++lane) {
      const GridLevel<H>& level = layout_.levels[numbers[lane]];
      lanes.columns_per_unit[lane] = level.columns_per_unit;
      lanes.rows_per_unit[lane] = level.rows_per_unit;
      lanes.last_column[lane] = level.last_column;
      lanes.last_row[lane] = level.last_row;
      lanes.columns[lane] = level.columns;
      lanes.first_cell[lane] = level.first_cell;
    }
    return lanes;
  }

  // Never falls when a coordinate rises, whatever is rounded on the way.
  OPSBRIDGE_MEMBER static WholeLanes<H> division(Vector<H> at, H start, Vector<H> per_unit,
                                                 Vector<H> last) {
    const Vector<H> steps = (at - start) * per_unit;
    const Vector<H> from = steps > 0 ? steps : Vector<H>{};
    return __builtin_convertvector(from < last ? from : last, WholeLanes<H>);
  }
  OPSBRIDGE_MEMBER WholeLanes<H> column(const LevelLanes& level, Vector<H> x) const {
    return division(x, layout_.left, level.columns_per_unit, level.last_column);
  }
  OPSBRIDGE_MEMBER WholeLanes<H> row(const LevelLanes& level, Vector<H> y) const {
    return division(y, layout_.top, level.rows_per_unit, level.last_row);
  }

  // The look of a vector of boxes at the level that is `step` above its lowest one. True where a
  // box has levels above it.
  OPSBRIDGE_MEMBER bool look_from(uint32_t first, int step, uint32_t part, GridLooks& looks) const {
    const Shape box = shape(first);
    // What the rounding of centres adds to a distance.
    const H rounding = H(16 * kHalfUnit<H>);
    const Vector<H> reach_x = box.width * reach_ + (box.size_x + box.width * larger_) * rounding;
    const Vector<H> reach_y = box.height * reach_ + (box.size_y + box.height * larger_) * rounding;
    WholeLanes<H> level{}, levels_left{};
    if (layout_.has_levels) {
      level = level_of(box.longer * smaller_) + step;
      levels_left = level_of(box.longer * larger_) - level;
      level = levels_left < 0 ? WholeLanes<H>{} : level;
    }
    const LevelLanes here = layout_.has_levels ? levels_at(level) : lowest_level_;
    const WholeLanes<H> left = column(here, box.centre_x - reach_x);
    const WholeLanes<H> right = column(here, box.centre_x + reach_x);
    const WholeLanes<H> above = row(here, box.centre_y - reach_y);
    const WholeLanes<H> below = row(here, box.centre_y + reach_y);
    const WholeLanes<H> cell = here.first_cell + above * here.columns;
    put(looks.first + part, cell + left);
    put(looks.end + part, cell + right + 1);
    put(looks.rows + part, levels_left < 0 ? WholeLanes<H>{} : below - above + 1);
    put(looks.columns + part, here.columns);
    if (!layout_.has_levels) return false;
    bool has_more = false;
    for (int lane = 0; lane < kLanes<H>; ++lane) has_more |= levels_left[lane] > 0;
    return has_more;
  }

  template <class Number>
  OPSBRIDGE_MEMBER static void put(Number* to, WholeLanes<H> lanes) {
    __builtin_memcpy(to, &lanes, sizeof lanes);
  }

  // An area that is NaN or infinite leaves no overlap above the threshold, nor does a side that is
  // not positive: the overlap is 0 then. Such boxes may lie anywhere.
  OPSBRIDGE_MEMBER auto is_odd(const Shape& box, Vector<H> area) const {
    const auto is_inert = (area != area) | (area == H(__builtin_inf())) |
                          (((box.width <= 0) | (box.height <= 0)) & (area >= 0));
    auto is_regular = (box.width > 0) & (box.height > 0) & (area >= lowest_area_) &
                      (box.centre_x - box.centre_x == 0) & (box.centre_y - box.centre_y == 0);
    if (rule_.has_given_sizes) {
      is_regular &= magnitude(box.width * box.height - area) <= area * H(0x1p-6);
    }
    return ~(is_inert | is_regular);
  }

  // Leaves the cell of each box in its slot, and in starts[c + 2] how many boxes cell c holds.
  bool find_cells() {
    uint32_t* const starts = memory_.starts;
    uint32_t* const slots = memory_.slots;
    __builtin_memset(starts, 0, (size_t(layout_.cells) + 2) * sizeof *starts);
    uint32_t odd = 0;
    for (uint32_t first = 0; first < count_; first += kLanes<H>) {
      const Shape box = shape(first);
      const uint32_t lanes = count_ - first < kLanes<H> ? count_ - first : kLanes<H>;
      odd |= lane_bits(is_odd(box, load_lanes(from_.area + first))) & ((1u << lanes) - 1);
      const LevelLanes level = layout_.has_levels ? levels_at(level_of(box.longer)) : lowest_level_;
      put(slots + first, level.first_cell + row(level, box.centre_y) * level.columns +
                             column(level, box.centre_x));
      for (uint32_t i = first; i < first + lanes; ++i) ++starts[slots[i] + 2];
    }
    return odd == 0;
  }

  // Counting sort by cell; starts[c] is the first slot of cell c in the end.
  void place_boxes() {
    uint32_t* const starts = memory_.starts;
    uint32_t* const slots = memory_.slots;
    for (uint32_t cell = 2; cell < layout_.cells + 2; ++cell) starts[cell] += starts[cell - 1];
    for (uint32_t i = 0; i < count_; ++i) {
      const uint32_t slot = starts[slots[i] + 1]++;
      slots[i] = slot;
      const BoxArrays<H> to = block(slot / kBlock);
      const uint32_t lane = slot % kBlock;
      to.x1[lane] = from_.x1[i];
      to.y1[lane] = from_.y1[i];
      to.x2[lane] = from_.x2[i];
      to.y2[lane] = from_.y2[i];
      to.area[lane] = from_.area[i];
    }
    const uint32_t blocks = blocks_of(count_);
    for (uint32_t i = 0; i < blocks; ++i) memory_.alive[i] = 0xffff;
    // The last block is tested as a whole.
    const BoxArrays<H> last = block(blocks - 1);
    for (uint32_t lane = (count_ - 1) % kBlock + 1; lane < kBlock; ++lane) {
      last.x1[lane] = last.y1[lane] = last.x2[lane] = last.y2[lane] = last.area[lane] = H(0);
    }
  }

  const GridRule rule_;
  const BoxArrays<H> from_;
  const uint32_t count_;
  const GridMemory<H> memory_;
  const GridLayout<H> layout_;
  H lowest_area_, smaller_, larger_, reach_, extra_;
  LevelLanes lowest_level_{};
};

// While the boxes of one block are decided, what the next ones will meet is on its way.
template <class A, bool kIsUsual>
bool decide_in_grid(SweepRun<A>& run, const GridMemory<Held<A>>& memory) {
  constexpr uint32_t kBoxesInCache = 8192;
  Grid<Held<A>> grid(grid_rule(run), run.boxes, run.count, memory);
  if (!grid.build()) return false;
  const auto is_alive = [&](uint32_t i) {
    return memory.alive[memory.slots[i] / kBlock] >> memory.slots[i] % kBlock & 1;
  };
  GridLooks looks[2][kMostLooks];
  int levels[2] = {grid.look_around(0, looks[0]), 0};
  for (uint32_t first = 0, now = 0; first < run.count; first += kBlock, now = 1 - now) {
    if (may_end_at(first / kBlock, kBoxesInCache / kBlock)) break;
    const uint32_t next = first + kBlock;
    if (next < run.count) {
      levels[1 - now] = grid.look_around(next, looks[1 - now]);
      if (run.count > kBoxesInCache) {
        for (uint32_t lane = 0; lane < kBlock && next + lane < run.count; ++lane) {
          if (is_alive(next + lane)) grid.prefetch(looks[1 - now][0], lane);
        }
      }
    }
    for (uint32_t i = first; i < next && i < run.count; ++i) {
      if (!is_alive(i)) continue;
      if (run.kept_count == run.most_kept) break;
      run.kept[run.kept_count++] = run.places[i];
      // Flags of boxes that were decided before may be set too: nobody reads them again.
      const KeptBox<A, kIsUsual> kept(run, run.boxes, i);
      for (int level = 0; level < levels[now]; ++level) {
        grid.for_each_range(looks[now][level], i - first, [&](uint32_t begin, uint32_t end) {
          for (uint32_t block = begin / kBlock; block <= (end - 1) / kBlock; ++block) {
            memory.alive[block] &= uint16_t(~kept.hits(grid.block(block), 0));
          }
        });
      }
    }
  }
  run.count = 0;
  return true;
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
