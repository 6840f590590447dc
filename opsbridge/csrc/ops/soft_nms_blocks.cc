#include "ops/soft_nms_blocks.h"

#include "ops/soft_nms_pruning.h"

namespace opsbridge {
namespace {

// Which of the equal parts of a range a number is in.
template <class Number>
class Parts {
 public:
  Parts(Number low, Number high, int count) : low_(low), last_(Number(count - 1)) {
    scale_ = Number(count) / (high - low);
    if (!(scale_ > 0 && scale_ - scale_ == 0)) scale_ = 0;
  }
  uint32_t operator()(Number value) const {
    return static_cast<uint32_t>(smaller(last_, larger(Number(0), (value - low_) * scale_)));
  }

 private:
  Number low_, last_, scale_;
};

// Spreads eight bits to every other one of sixteen.
uint32_t spread_bits(uint32_t bits) {
  bits = (bits | bits << 4) & 0x0f0f;
  bits = (bits | bits << 2) & 0x3333;
  return (bits | bits << 1) & 0x5555;
}

// An order in which boxes that follow each other are near each other: that of their centres on a
// Z-shaped curve through about as many cells. Which order it is decides the time only, never a
// result.
template <class A>
uint32_t* order_in_space(const Candidates<A>& candidates, Scratch& scratch) {
  const uint32_t count = candidates.count;
  int bits = 1;  // of each coordinate
  while (bits < 8 && count >> (2 * bits + 1) != 0) ++bits;
  const Parts<SoftNumber<A>> column(candidates.low_x, candidates.high_x, 1 << bits);
  const Parts<SoftNumber<A>> row(candidates.low_y, candidates.high_y, 1 << bits);
  uint32_t* order = scratch.take<uint32_t>(count);
  Scratch sorting;
  uint16_t* cells = sorting.take<uint16_t>(count);
  const uint32_t cell_count = uint32_t(1) << 2 * bits;
  uint32_t* ends = sorting.take<uint32_t>(cell_count + 1);
  std::fill_n(ends, cell_count + 1, 0u);
  for (uint32_t i = 0; i < count; ++i) {
    const Box<A>& box = candidates.each[i].box;
    const uint32_t x = column(center(box.x1, box.x2)), y = row(center(box.y1, box.y2));
    cells[i] = static_cast<uint16_t>(spread_bits(x) | spread_bits(y) << 1);
    ++ends[cells[i] + 1];
  }
  for (uint32_t cell = 0; cell < cell_count; ++cell) ends[cell + 1] += ends[cell];
  for (uint32_t i = 0; i < count; ++i) order[ends[cells[i]]++] = i;
  return order;
}

template <class A>
void lay_out(SoftBlocks<A>& blocks, Scratch& scratch) {
  using Number = SoftNumber<A>;
  using Layer = typename SoftBlocks<A>::Layer;
  const auto take_layer = [&](int64_t count, int64_t part) {
    const size_t room = static_cast<size_t>(whole_parts(count, part) * part);
    const auto column = [&] { return scratch.take<Number>(room); };
    return Layer{{column(), column(), column(), column()}, column()};
  };
  const int64_t count = blocks.live;
  const int64_t block_count = whole_parts(count, kSoftBlock);
  const size_t slots = static_cast<size_t>(block_count * kSoftBlock);
  blocks.slots = block_count * kSoftBlock;
  blocks.each = take_layer(count, kSoftBlock);
  blocks.blocks = take_layer(block_count, kSoftGroup);
  blocks.groups = take_layer(whole_parts(block_count, kSoftGroup), kSoftBlock);
  blocks.area = scratch.take<Number>(slots);
  blocks.candidate = scratch.take<uint32_t>(slots);
  blocks.selected_score = scratch.take<Number>(slots);
  SoftPositions& positions = blocks.positions;
  positions = {};
  positions.live = static_cast<uint32_t>(count);
  positions.selected = scratch.take<uint32_t>(slots);
  positions.dropped = scratch.take<uint32_t>(slots + kSoftBlock);
  positions.dropped_by = scratch.take<uint32_t>(slots);
  positions.position = scratch.take<uint32_t>(slots);
  positions.candidate = scratch.take<uint32_t>(slots);
  positions.is_dropped = scratch.take<uint64_t>(slots / 64 + 1);
}

template <class A>
void put(SoftBlocks<A>& blocks, uint32_t slot, uint32_t candidate, const Box<A>& box, A score) {
  using Number = SoftNumber<A>;
  blocks.each.box.x1[slot] = static_cast<Number>(box.x1);
  blocks.each.box.y1[slot] = static_cast<Number>(box.y1);
  blocks.each.box.x2[slot] = static_cast<Number>(box.x2);
  blocks.each.box.y2[slot] = static_cast<Number>(box.y2);
  blocks.area[slot] = static_cast<Number>(box.area);
  blocks.each.score[slot] = static_cast<Number>(score);
  blocks.candidate[slot] = candidate;
}

}  // namespace

template <class A>
SoftBlocks<A> make_blocks(const Candidates<A>& candidates, const SoftSettings<A>& settings,
                          Scratch& scratch) {
  SoftBlocks<A> blocks;
  blocks.selected = 0;
  blocks.live = candidates.count;
  const bool is_flat = blocks.live <= kFlatSlots;
  blocks.prunes = keeps_what_it_does_not_meet(keepers_of(settings), candidates.are_finite,
                                              candidates.are_positive);
  blocks.least_share = least_share(settings);
  blocks.settings = settings;
  lay_out(blocks, scratch);
  Scratch ordering;
  uint32_t* order = is_flat ? nullptr : order_in_space(candidates, ordering);
  for (uint32_t slot = 0; slot < candidates.count; ++slot) {
    const uint32_t i = is_flat ? slot : order[slot];
    const Candidate<A>& each = candidates.each[i];
    put(blocks, slot, i, each.box, each.score);
  }
  // Boxes without a score fill the last block.
  const A none = static_cast<A>(-std::numeric_limits<float>::infinity());
  for (uint32_t slot = candidates.count; slot < blocks.slots; ++slot) {
    put(blocks, slot, slot, Box<A>{}, none);
  }
  return blocks;
}

#define OPSBRIDGE_DEFINE_FOR(A) \
  template SoftBlocks<A> make_blocks(const Candidates<A>&, const SoftSettings<A>&, Scratch&);
OPSBRIDGE_DEFINE_FOR(float)
OPSBRIDGE_DEFINE_FOR(double)
OPSBRIDGE_DEFINE_FOR(Half)
OPSBRIDGE_DEFINE_FOR(BrainFloat)
#undef OPSBRIDGE_DEFINE_FOR

}  // namespace opsbridge
