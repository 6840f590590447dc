// The cells of a grid of boxes (ops/nms_grid.h), laid out by a sample of them. For files that are
// compiled once per level only (OPSBRIDGE_LEVEL); host only.
#pragma once

#include "ops/nms_lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// What the arithmetic of a type and the rule leave of the reasoning in ops/nms_grid.h.
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

// Centres are nearer than this times a side.
inline double grid_reach(double ratio) {
  return (1 - ratio) * (ratio < 0.5 ? 0.5 / ratio : 1) * (1 + 0x1p-10);
}

// Cells of one size class of boxes, row after row.
template <class H>
struct GridLevel {
  H columns_per_unit, rows_per_unit, last_column, last_row;
  int32_t columns, first_cell;
};

template <class H>
class GridLayout {
 public:
  GridLayout(const GridRule& rule, const BoxArrays<H>& boxes, uint32_t count)
      : ratio_(rule.ratio), extra_(rule.has_offset ? H(1) : H(0)), count_(count) {
    H x[kSampled], y[kSampled], longer[kSampled];
    uint32_t sampled = 0;
    for (uint32_t i = 0; i < kSampled; ++i) {
      const uint32_t at = uint32_t(uint64_t(i) * count / kSampled);
      const H width = boxes.x2[at] - boxes.x1[at] + extra_;
      const H height = boxes.y2[at] - boxes.y1[at] + extra_;
      x[sampled] = (boxes.x1[at] + boxes.x2[at]) * H(0.5);
      y[sampled] = (boxes.y1[at] + boxes.y2[at]) * H(0.5);
      longer[sampled] = width > height ? width : height;
      const bool is_finite = (x[sampled] - x[sampled] == 0) & (y[sampled] - y[sampled] == 0);
      sampled += is_finite & (longer[sampled] > 0);
    }
    if (sampled == 0) x[0] = y[0] = longer[0] = H(0), sampled = 1;
    // Outliers end up in the cells at the rim.
    const uint32_t margin = sampled / 16;
    sort(x, sampled);
    sort(y, sampled);
    sort(longer, sampled);
    spread(x[margin], x[sampled - 1 - margin], left, extent_x_);
    spread(y[margin], y[sampled - 1 - margin], top, extent_y_);
    choose_levels(longer, sampled);
    lay_out_levels(longer, sampled);
  }

  H left, top;      // where the first column and the first row begin
  bool has_levels;  // else all boxes are in the first one
  int level_shift;  // a size of twice the length is 1 << (23 - level_shift) levels up
  int32_t lowest_step;
  uint32_t cells = 0;
  GridLevel<H> levels[kMostLevels];

 private:
  static constexpr double kMostDivisions = 1 << 15;  // exact in every type
  static constexpr uint32_t kSampled = 32;

  // The place of a number is the number of those that come before it: no branch depends on them.
  static void sort(H* numbers, uint32_t count) {
    H given[kSampled];
    for (uint32_t i = 0; i < kSampled; ++i) given[i] = i < count ? numbers[i] : H(__builtin_inf());
    for (uint32_t i = 0; i < count; ++i) {
      const H own = given[i];
      uint32_t place = 0;
      for (uint32_t j = 0; j < kSampled; ++j)
        place += (given[j] < own) | ((given[j] == own) & (j < i));
      numbers[place] = own;
    }
  }

  static void spread(H low, H high, H& start, H& extent) {
    start = low - (high - low) * H(0.125);
    extent = (high - low) * H(1.25);
    // Cells are found by subtraction and multiplication that must not overflow.
    if (!(extent < H(1e30))) extent = H(1e30);
    if (!(start > H(-1e30))) start = H(-1e30);
  }

  int32_t size_step(H longer) const { return int32_t(float_bits(float(longer))) >> level_shift; }

  int level_of(H longer) const {
    const int level = size_step(longer) - lowest_step;
    return level < 0 ? 0 : level < kMostLevels ? level : kMostLevels - 1;
  }

  // Levels narrow what a box meets to its own sizes, and are more places to look at: they pay where
  // they rule out more boxes than fill the blocks of those looks. They are about as wide as the
  // window of sizes.
  void choose_levels(const H* sampled, uint32_t sample) {
    constexpr double kBlocksOfLooks = 6;
    const double size = double(sampled[sample / 2]);
    uint32_t others = 0;
    for (uint32_t i = 0; i < sample; ++i) {
      const double other = double(sampled[i]);
      others += (other < size * ratio_) | (other * ratio_ > size);
    }
    const double reach = 2 * grid_reach(ratio_) * size;
    const double met = reach * reach * count_ * others / sample;
    has_levels = met > kBlocksOfLooks * kBlock * double(extent_x_) * double(extent_y_);
    const double window = 1 / (ratio_ * ratio_);
    level_shift = window < 1.12 ? 20 : window < 1.35 ? 21 : window < 1.8 ? 22 : 23;
    lowest_step = size_step(H(size)) - kMostLevels / 2;
  }

  void lay_out_levels(const H* sampled, uint32_t sample) {
    uint32_t in_level[kMostLevels] = {};
    for (uint32_t i = 0; i < sample; ++i) ++in_level[has_levels ? level_of(sampled[i]) : 0];
    for (int i = 0; i < (has_levels ? kMostLevels : 1); ++i) {
      lay_out(levels[i], double(count_) * in_level[i] / sample);
    }
  }

  // A row of cells costs a look into it, a box in it a part of a test: rows as high as a square of
  // kBoxesPerSquare boxes are the best of both. Columns are finer, since a row is read from one to
  // another without a stop.
  void lay_out(GridLevel<H>& level, double boxes) {
    constexpr double kBoxesPerSquare = 40, kBoxesPerCell = 2.5;
    const double extent_x = double(extent_x_), extent_y = double(extent_y_);
    double columns = 1, rows = 1;
    if (boxes > 0) {
      const double wanted = boxes / kBoxesPerCell;
      const double row = __builtin_sqrt(extent_x * extent_y * kBoxesPerSquare / boxes);
      // All centres on one line across: a row for each cell.
      rows = divisions(row > 0 ? extent_y / row : extent_y > 0 ? wanted : 1, wanted);
      columns = divisions(extent_x > 0 ? wanted / rows : 1, wanted / rows);
    }
    level.columns_per_unit = columns > 1 ? H(columns / extent_x) : H(0);
    level.rows_per_unit = rows > 1 ? H(rows / extent_y) : H(0);
    level.last_column = H(columns - 1);
    level.last_row = H(rows - 1);
    level.columns = int32_t(columns);
    level.first_cell = int32_t(cells);
    cells += uint32_t(columns * rows);
  }

  // A whole number.
  static double divisions(double wanted, double most) {
    double count = wanted < most ? wanted : most;
    count = count < kMostDivisions ? count : kMostDivisions;
    return count > 1 ? double(int64_t(count)) : 1;
  }

  const double ratio_;
  const H extra_;
  const uint32_t count_;
  H extent_x_, extent_y_;
};

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
