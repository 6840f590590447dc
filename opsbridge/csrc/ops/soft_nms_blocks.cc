#include "ops/soft_nms_blocks.h"

#include <algorithm>
#include <limits>

#include "ops/soft_nms_levels.h"

namespace opsbridge {
namespace {

template <class A>
bool is_finite(A value) {
  return value - value == A(0);
}

// Zero, unless one of the numbers is infinite or not a number.
template <class A>
A zero_if_finite(const Box<A>& box) {
  return (box.x1 - box.x1) + (box.y1 - box.y1) + (box.x2 - box.x2) + (box.y2 - box.y2) +
         (box.area - box.area);
}

// Whether a box that the selected one does not meet keeps its score: it shares an area of zero, and
// its weight is exactly one. With finite corners and areas no side is infinite, so zero is what the
// product of the sides is. Over two positive areas the overlap is +0; over others it can be -0 or,
// over no area, NaN.
template <class A>
bool keeps_what_it_does_not_meet(const std::vector<Candidate<A>>& live,
                                 const SoftSettings<A>& settings) {
  bool all_positive = true, all_finite = true;
  for (const Candidate<A>& each : live) {
    all_finite &= zero_if_finite(each.box) == A(0);
    all_positive &= each.box.area > A(0);
  }
  if (!all_finite) return false;
  if (settings.rule.disjoint_box == DisjointBox::skipped) return true;
  const auto keeps = [&](float overlap) { return soft_weight(A(overlap), settings) == A(1); };
  return keeps(0.0f) &&
         (all_positive || (keeps(-0.0f) && keeps(std::numeric_limits<float>::quiet_NaN())));
}

// Which of 256 equal parts of a range a number is in.
template <class Number>
class Parts {
 public:
  void include(Number value) {
    low_ = smaller(low_, value);
    high_ = larger(high_, value);
  }
  void divide() {
    scale_ = Number(256) / (high_ - low_);
    if (!(scale_ > 0 && is_finite(scale_))) scale_ = 0;
  }
  uint32_t of(Number value) const {
    return static_cast<uint32_t>(smaller(Number(255), larger(Number(0), (value - low_) * scale_)));
  }

 private:
  static constexpr Number kInfinity = std::numeric_limits<Number>::infinity();
  Number low_ = kInfinity, high_ = -kInfinity, scale_ = 0;
};

// Spreads eight bits to every other one of sixteen.
uint32_t spread_bits(uint32_t bits) {
  bits = (bits | bits << 4) & 0x0f0f;
  bits = (bits | bits << 2) & 0x3333;
  return (bits | bits << 1) & 0x5555;
}

// Sorts by one byte of the keys.
void sort_by_byte(const std::vector<uint32_t>& keys, int shift, const std::vector<int64_t>& from,
                  std::vector<int64_t>& to) {
  int64_t begins[257] = {};
  for (const uint32_t key : keys) ++begins[(key >> shift & 255) + 1];
  for (int i = 0; i < 256; ++i) begins[i + 1] += begins[i];
  for (const int64_t each : from) to[begins[keys[each] >> shift & 255]++] = each;
}

// An order in which boxes that follow each other are near each other, unless they are too few for
// blocks: that of their centres on a Z-shaped curve. Which order it is decides the time only, never
// a result.
template <class A>
std::vector<int64_t> order_in_space(const std::vector<Candidate<A>>& live) {
  using Number = typename SoftBlocks<A>::Number;
  const auto x_of = [](const Box<A>& box) { return Number(box.x1) / 2 + Number(box.x2) / 2; };
  const auto y_of = [](const Box<A>& box) { return Number(box.y1) / 2 + Number(box.y2) / 2; };
  const size_t count = live.size();
  std::vector<int64_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = static_cast<int64_t>(i);
  if (count <= size_t(kFlatSlots)) return order;
  Parts<Number> columns, rows;
  for (const Candidate<A>& each : live) {
    columns.include(x_of(each.box));
    rows.include(y_of(each.box));
  }
  columns.divide();
  rows.divide();
  std::vector<uint32_t> keys(count);
  std::vector<int64_t> sorted(count);
  for (size_t i = 0; i < count; ++i) {
    const Box<A>& box = live[i].box;
    keys[i] = spread_bits(columns.of(x_of(box))) | spread_bits(rows.of(y_of(box))) << 1;
  }
  sort_by_byte(keys, 0, order, sorted);
  sort_by_byte(keys, 8, sorted, order);
  return order;
}

}  // namespace

template <class A>
size_t SoftBlockStore<A>::select(std::vector<Candidate<A>>& live, const SoftSettings<A>& settings) {
  const A none = static_cast<A>(-std::numeric_limits<float>::infinity());
  for (const Candidate<A>& each : live) {
    if (!(each.score > none)) return 0;
  }
  const int64_t count = static_cast<int64_t>(live.size());
  if (count == 0) return 0;
  SoftBlocks<A> blocks;
  blocks.slots = soft_blocks_of(count) * kSoftBlock;
  const int64_t block_room = soft_blocks_of(blocks.slots / kSoftBlock) * kSoftBlock;
  const int64_t group_room = soft_blocks_of(block_room / kSoftBlock) * kSoftBlock;
  numbers_.assign(static_cast<size_t>(7 * blocks.slots + 5 * (block_room + group_room)), Number(0));
  indices_.resize(static_cast<size_t>(4 * blocks.slots));
  dropped_.assign(static_cast<size_t>(count / 64 + 1), 0);
  Number* number = numbers_.data();
  const auto lay_out = [&](typename SoftBlocks<A>::Layer& layer, int64_t room) {
    for (Number** column :
         {&layer.box.x1, &layer.box.y1, &layer.box.x2, &layer.box.y2, &layer.score}) {
      *column = number;
      number += room;
    }
  };
  lay_out(blocks.each, blocks.slots);
  lay_out(blocks.blocks, block_room);
  lay_out(blocks.groups, group_room);
  blocks.area = number;
  blocks.chosen_score = number + blocks.slots;
  int64_t* index = indices_.data();
  for (int64_t** column : {&blocks.candidate, &blocks.position, &blocks.slot_at, &blocks.chosen}) {
    *column = index;
    index += blocks.slots;
  }
  std::fill(blocks.each.score + count, blocks.each.score + blocks.slots, static_cast<Number>(none));
  blocks.dropped = dropped_.data();
  blocks.selected = 0;
  blocks.live = count;
  blocks.prunes = count > kFlatSlots && keeps_what_it_does_not_meet(live, settings);
  blocks.settings = settings;
  const std::vector<int64_t> order = order_in_space(live);
  for (int64_t slot = 0; slot < count; ++slot) {
    const Candidate<A>& each = live[order[slot]];
    blocks.each.box.x1[slot] = each.box.x1;
    blocks.each.box.y1[slot] = each.box.y1;
    blocks.each.box.x2[slot] = each.box.x2;
    blocks.each.box.y2[slot] = each.box.y2;
    blocks.area[slot] = each.box.area;
    blocks.each.score[slot] = each.score;
    blocks.candidate[slot] = blocks.position[slot] = order[slot];
    blocks.slot_at[order[slot]] = slot;
  }
  OPSBRIDGE_AT_LEVEL(soft_nms_in_blocks(blocks));
  arranged_.clear();
  for (int64_t i = 0; i < blocks.live; ++i) {
    const bool is_chosen = i < blocks.selected;
    const int64_t slot = blocks.slot_at[i];
    arranged_.push_back(live[is_chosen ? blocks.chosen[i] : blocks.candidate[slot]]);
    arranged_.back().score = A(is_chosen ? blocks.chosen_score[i] : blocks.each.score[slot]);
  }
  live.swap(arranged_);
  return static_cast<size_t>(blocks.selected);
}

template class SoftBlockStore<float>;
template class SoftBlockStore<double>;
template class SoftBlockStore<Half>;
template class SoftBlockStore<BrainFloat>;

}  // namespace opsbridge
