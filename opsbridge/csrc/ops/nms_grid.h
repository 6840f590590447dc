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

#include "ops/nms_lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// What the arithmetic of a type and the rule leave of the reasoning above.
struct GridRule {
  double ratio;        // t, with slack for the rounding on both sides of the comparison
  double lowest_area;  // from here on areas and overlaps round by a relative error
  bool has_given_sizes;
  bool has_offset;
};

template <class A>
constexpr double kHalfUnit = 0x1p-53;
template <>
inline constexpr double kHalfUnit<float> = 0x1p-24;
template <>
inline constexpr double kHalfUnit<Half> = 0x1p-11;
template <>
inline constexpr double kHalfUnit<BrainFloat> = 0x1p-9;

template <class A>
GridRule grid_rule(const SweepRun<A>& run) {
  const bool has_given_sizes = run.rule.layout == Layout::xywh;
  // Fewer than 32 roundings; sizes that were given agree with the corners to 1 / 64.
  double ratio = run.threshold * (1 - 32 * kHalfUnit<A>)*(has_given_sizes ? 1 - 0x1p-4 : 1);
  ratio = (ratio < 1 ? ratio : 1) * (1 - 0x1p-12);
  const bool is_half = kHalfUnit<A> == kHalfUnit<Half>;
  return {ratio, (is_half ? 0x1p-13 : 1e-24) / ratio, has_given_sizes,
          run.rule.box_offset == BoxOffset::one};
}

// Four numbers of one box or level: left, top, right, bottom.
template <class H>
using Four __attribute__((vector_size(4 * sizeof(H)))) = H;

// One size class of boxes, in cells of its own.
template <class H>
struct GridLevel {
  Four<H> start, cells_per_unit, last;
  uint32_t columns, first_cell;
  bool is_empty;
};

template <class H>
class Grid {
 public:
  // A box that neither suppresses nor is suppressed has no slot.
  static constexpr uint32_t kInert = 0xffffffff;

  Grid(const GridRule& rule, const BoxArrays<H>& boxes, uint32_t count, const GridMemory<H>& memory)
      : rule_(rule), from_(boxes), count_(count), memory_(memory) {
    const double ratio = rule.ratio;
    lowest_area_ = H(rule.lowest_area);
    smaller_ = H(ratio);
    larger_ = H(1 / ratio);
    reach_ = H((1 - ratio) * (ratio < 0.5 ? 0.5 / ratio : 1) * (1 + 0x1p-10));
    extra_ = rule.has_offset ? H(1) : H(0);
  }

  // False where a box is so odd that the reasoning above does not cover it.
  bool build() {
    measure_sample();
    if (!find_cells()) return false;
    place_boxes();
    return true;
  }

  // Calls body(first, end) for the slots of all boxes that the box in a slot can suppress, and of
  // some more.
  template <class Body>
  OPSBRIDGE_MEMBER void for_each_range_around(uint32_t slot, Body body) const {
    const BoxArrays<H>& boxes = memory_.boxes;
    const Shape box = shape(boxes, slot);
    // What the rounding of centres adds to a distance.
    const H rounding = H(16 * kHalfUnit<H>);
    const H size_x = magnitude(boxes.x1[slot]) + magnitude(boxes.x2[slot]);
    const H size_y = magnitude(boxes.y1[slot]) + magnitude(boxes.y2[slot]);
    const H reach_x = box.width * reach_ + (size_x + box.width * larger_) * rounding;
    const H reach_y = box.height * reach_ + (size_y + box.height * larger_) * rounding;
    const Four<H> corners{box.centre_x - reach_x, box.centre_y - reach_y, box.centre_x + reach_x,
                          box.centre_y + reach_y};
    const int last_level = level_of(box.longer * larger_);
    for (int i = level_of(box.longer * smaller_); i <= last_level; ++i) {
      const GridLevel<H>& level = levels_[i];
      if (level.is_empty) continue;
      const Four<int32_t> cells = cells_at(level, corners);
      const uint32_t* row = memory_.starts + level.first_cell + uint32_t(cells[1]) * level.columns;
      for (int32_t y = cells[1]; y <= cells[3]; ++y, row += level.columns) {
        body(row[cells[0]], row[cells[2] + 1]);
      }
    }
  }

 private:
  static constexpr int kOneLevelShift = 31;
  static constexpr double kMostDivisions = 1 << 15;  // exact in every type
  static constexpr uint32_t kMostSampled = 32;

  struct Shape {
    H width, height, centre_x, centre_y, longer;
  };

  OPSBRIDGE_MEMBER Shape shape(const BoxArrays<H>& boxes, uint32_t i) const {
    const H width = boxes.x2[i] - boxes.x1[i] + extra_;
    const H height = boxes.y2[i] - boxes.y1[i] + extra_;
    return {width, height, (boxes.x1[i] + boxes.x2[i]) * H(0.5),
            (boxes.y1[i] + boxes.y2[i]) * H(0.5), width > height ? width : height};
  }

  OPSBRIDGE_MEMBER static bool is_finite(const Shape& box) {
    return (box.centre_x - box.centre_x == 0) & (box.centre_y - box.centre_y == 0);
  }

  // Grows with the size; a size of twice the length is 1 << (23 - level_shift_) levels up.
  OPSBRIDGE_MEMBER int size_step(H longer) const {
    return int(float_bits(float(longer)) >> level_shift_);
  }

  OPSBRIDGE_MEMBER int level_of(H longer) const {
    const int level = size_step(longer) - lowest_step_;
    return level < 0 ? 0 : level < kMostLevels ? level : kMostLevels - 1;
  }

  // Where most of the boxes lie and how large they are. Outliers end up in the cells at the rim.
  void measure_sample() {
    H x[kMostSampled], y[kMostSampled], longer[kMostSampled];
    uint32_t count = 0;
    for (uint32_t i = 0; i < kMostSampled; ++i) {
      const Shape box = shape(from_, uint32_t(uint64_t(i) * count_ / kMostSampled));
      if (!is_finite(box) || !(box.longer > 0)) continue;
      insert(x, count, box.centre_x);
      insert(y, count, box.centre_y);
      insert(longer, count, box.longer);
      ++count;
    }
    if (count == 0) x[0] = y[0] = longer[0] = H(0), count = 1;
    const uint32_t margin = count / 16;
    spread(x[margin], x[count - 1 - margin], left_, extent_x_);
    spread(y[margin], y[count - 1 - margin], top_, extent_y_);
    choose_level_width(longer, count);
    lay_out_levels(longer, count);
  }

  static void insert(H* sorted, uint32_t count, H value) {
    for (; count > 0 && value < sorted[count - 1]; --count) sorted[count] = sorted[count - 1];
    sorted[count] = value;
  }

  static void spread(H low, H high, H& start, H& extent) {
    start = low - (high - low) * H(0.125);
    extent = (high - low) * H(1.25);
    // Cells are found by subtraction and multiplication that must not overflow.
    if (!(extent < H(1e30))) extent = H(1e30);
    if (!(start > H(-1e30))) start = H(-1e30);
  }

  // Levels narrow what a box meets to its own sizes, and are more places to look at: they pay where
  // they rule out more boxes than fill the blocks of those looks. They are about as wide as the
  // window of sizes.
  void choose_level_width(const H* sampled, uint32_t sample) {
    constexpr double kBlocksOfLooks = 6;
    const double size = double(sampled[sample / 2]);
    uint32_t others = 0;
    for (uint32_t i = 0; i < sample; ++i) {
      const double other = double(sampled[i]);
      others += (other < size * rule_.ratio) | (other * rule_.ratio > size);
    }
    const double reach = 2 * double(reach_) * size;
    const double met = reach * reach * count_ * others / sample;
    is_crowded_ = met > kBlocksOfLooks * kBlock * double(extent_x_) * double(extent_y_);
    const double window = 1 / (rule_.ratio * rule_.ratio);
    const int narrow = window < 1.12 ? 20 : window < 1.35 ? 21 : window < 1.8 ? 22 : 23;
    level_shift_ = is_crowded_ ? narrow : kOneLevelShift;
    lowest_step_ = size_step(H(size)) - (is_crowded_ ? kMostLevels / 2 : 0);
  }

  // A row of cells costs a look into it, a box in it a part of a test: rows as high as a square of
  // kBoxesPerSquare boxes are the best of both. Columns are finer, since a row is read from one to
  // another without a stop.
  void lay_out_levels(const H* sampled, uint32_t sample) {
    constexpr double kBoxesPerSquare = 40, kBoxesPerCell = 2.5;
    uint32_t in_level[kMostLevels] = {};
    for (uint32_t i = 0; i < sample; ++i) ++in_level[level_of(sampled[i])];
    const double extent_x = double(extent_x_), extent_y = double(extent_y_);
    cells_ = 0;
    for (int i = 0; i < kMostLevels; ++i) {
      double columns = 1, rows = 1;
      if (in_level[i] > 0) {
        const double count = double(count_) * in_level[i] / sample;
        const double wanted = count / kBoxesPerCell;
        const double row = __builtin_sqrt(extent_x * extent_y * kBoxesPerSquare / count);
        // All centres on one line across: a row for each cell.
        rows = divisions(row > 0 ? extent_y / row : extent_y > 0 ? wanted : 1, wanted);
        columns = divisions(extent_x > 0 ? wanted / rows : 1, wanted / rows);
      }
      const H x = columns > 1 ? H(columns / extent_x) : H(0);
      const H y = rows > 1 ? H(rows / extent_y) : H(0);
      GridLevel<H>& level = levels_[i];
      level.start = Four<H>{left_, top_, left_, top_};
      level.cells_per_unit = Four<H>{x, y, x, y};
      level.last = Four<H>{H(columns - 1), H(rows - 1), H(columns - 1), H(rows - 1)};
      level.columns = uint32_t(columns);
      level.first_cell = cells_;
      cells_ += uint32_t(columns * rows);
    }
  }

  // A whole number.
  static double divisions(double wanted, double most) {
    double count = wanted < most ? wanted : most;
    count = count < kMostDivisions ? count : kMostDivisions;
    return count > 1 ? double(int64_t(count)) : 1;
  }

  // The column and row of two corners. Never falls when a coordinate rises, whatever is rounded on
  // the way.
  OPSBRIDGE_MEMBER static Four<int32_t> cells_at(const GridLevel<H>& level, Four<H> corners) {
    const Four<H> at = (corners - level.start) * level.cells_per_unit;
    const Four<H> from = at > 0 ? at : Four<H>{};
    const Four<H> within = from < level.last ? from : level.last;
    return __builtin_convertvector(within, Four<int32_t>);
  }

  // An area that is NaN or infinite leaves no overlap above the threshold, nor does a side that is
  // not positive: the overlap is 0 then.
  OPSBRIDGE_MEMBER static bool is_inert(const Shape& box, H area) {
    return (!(area < H(__builtin_inf()))) | (((box.width <= 0) | (box.height <= 0)) & (area >= 0));
  }

  OPSBRIDGE_MEMBER bool is_regular(const Shape& box, H area) const {
    const bool is_positive = (box.width > 0) & (box.height > 0) & (area >= lowest_area_);
    const bool agrees =
        !rule_.has_given_sizes || magnitude(box.width * box.height - area) <= area * H(0x1p-6);
    return is_positive & agrees & is_finite(box);
  }

  // Leaves the cell of each box in its slot, and in starts[c + 2] how many boxes cell c holds.
  bool find_cells() {
    const BoxArrays<H> boxes = from_;
    uint32_t* const starts = memory_.starts;
    uint32_t* const slots = memory_.slots;
    __builtin_memset(starts, 0, (size_t(cells_) + 2) * sizeof *starts);
    for (uint32_t i = 0; i < count_; ++i) {
      const Shape box = shape(boxes, i);
      const H area = boxes.area[i];
      if (is_inert(box, area)) {
        slots[i] = kInert;
        continue;
      }
      if (!is_regular(box, area)) return false;
      const GridLevel<H>& level = levels_[is_crowded_ ? level_of(box.longer) : 0];
      const Four<int32_t> at =
          cells_at(level, Four<H>{box.centre_x, box.centre_y, box.centre_x, box.centre_y});
      const uint32_t cell = level.first_cell + uint32_t(at[1]) * level.columns + uint32_t(at[0]);
      slots[i] = cell;
      ++starts[cell + 2];
    }
    return true;
  }

  // Counting sort by cell; starts[c] is the first slot of cell c in the end.
  void place_boxes() {
    const BoxArrays<H> from = from_, to = memory_.boxes;
    uint32_t* const starts = memory_.starts;
    uint32_t* const slots = memory_.slots;
    for (uint32_t cell = 2; cell < cells_ + 2; ++cell) starts[cell] += starts[cell - 1];
    for (uint32_t i = 0; i < count_; ++i) {
      if (slots[i] == kInert) continue;
      const uint32_t slot = starts[slots[i] + 1]++;
      slots[i] = slot;
      to.x1[slot] = from.x1[i];
      to.y1[slot] = from.y1[i];
      to.x2[slot] = from.x2[i];
      to.y2[slot] = from.y2[i];
      to.area[slot] = from.area[i];
    }
    for (int i = 0; i < kMostLevels; ++i) {
      const uint32_t end = i + 1 < kMostLevels ? levels_[i + 1].first_cell : cells_;
      levels_[i].is_empty = starts[levels_[i].first_cell] == starts[end];
    }
    __builtin_memset(memory_.suppressed, 0, size_t(count_) + kBlock);
  }

  const GridRule rule_;
  const BoxArrays<H> from_;
  const uint32_t count_;
  const GridMemory<H> memory_;
  H lowest_area_, smaller_, larger_, reach_, extra_;
  bool is_crowded_ = false;
  int level_shift_ = 0, lowest_step_ = 0;
  H left_ = H(0), top_ = H(0), extent_x_ = H(0), extent_y_ = H(0);
  uint32_t cells_ = 0;
  GridLevel<H> levels_[kMostLevels];
};

template <class A, bool kIsUsual>
bool decide_in_grid(SweepRun<A>& run, const GridMemory<Held<A>>& memory) {
  Grid<Held<A>> grid(grid_rule(run), run.boxes, run.count, memory);
  if (!grid.build()) return false;
  for (uint32_t i = 0; i < run.count && run.kept_count < run.most_kept; ++i) {
    const uint32_t slot = memory.slots[i];
    if (slot != grid.kInert) {
      if (memory.suppressed[slot] != 0) continue;
      // Flags of boxes that were decided before may be set too: nobody reads them again.
      const KeptBox<A, kIsUsual> kept(run, memory.boxes, slot);
      grid.for_each_range_around(slot, [&](uint32_t first, uint32_t end) {
        kept.suppress_range(memory.boxes, memory.suppressed, first, end);
      });
    }
    run.kept[run.kept_count++] = run.places[i];
  }
  run.count = 0;
  return true;
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
