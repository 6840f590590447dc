// Soft suppression in blocks, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/lanes.h"
#include "ops/soft_nms_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// The exponential is the C library's, number by number; of zero, where boxes do not meet, it is
// one.
template <class A>
OPSBRIDGE_FN Lanes<A> gaussian_weight(Lanes<A> exponent, Exponential in) {
  const Lanes<A> zero = Lanes<A>(0);
  uint32_t bits = lane_bits(~(exponent == zero));
  if (bits == 0) return Lanes<A>(1);
  typename Lanes<A>::Held weights[Lanes<A>::kCount];
  store_lanes(weights, pick(exponent == zero, Lanes<A>(1), exponent).value);
  for (; bits != 0; bits &= bits - 1) {
    auto& weight = weights[__builtin_ctz(bits)];
    weight = opsbridge::gaussian_weight(A(weight), in);
  }
  return Lanes<A>(load_lanes(weights));
}

namespace {

constexpr float kNone = -__builtin_inff();

template <class A, SoftMethod kMethod>
class Selection {
  using Number = typename SoftBlocks<A>::Number;
  using Many = Lanes<A>;
  using Corners = typename SoftBlocks<A>::Corners;
  using Layer = typename SoftBlocks<A>::Layer;
  static constexpr int64_t kCount = Many::kCount;

 public:
  explicit Selection(const SoftBlocks<A>& blocks) : s_(blocks) {
    const SoftSettings<A>& settings = s_.settings;
    settings_ = {Many(settings.iou_threshold), Many(settings.sigma), Many(settings.min_score),
                 settings.rule};
    skips_ = settings.rule.disjoint_box == DisjointBox::skipped;
  }

  const SoftBlocks<A>& run() {
    const bool checks = s_.settings.rule.first_box == FirstBox::checked;
    summarize_all();
    while (s_.selected < s_.live && is_ordinary_) {
      if (2 * (s_.live - s_.selected) < s_.slots && s_.slots > kSoftBlock) compact();
      const int64_t slot = best_slot();
      if (checks && s_.each.score[slot] < s_.settings.min_score) {
        s_.live = s_.selected;
        break;
      }
      choose(slot);
      take_out(slot);
      lower_others(slot);
      replace_dropped();
      ++s_.selected;
    }
    return s_;
  }

 private:
  bool is_flat() const { return s_.slots <= kFlatSlots; }
  int64_t group_count() const { return soft_blocks_of(s_.slots / kSoftBlock); }

  OPSBRIDGE_MEMBER static Many load(const Number* from) { return Many(load_lanes(from)); }
  OPSBRIDGE_MEMBER static Many repeat(const Number* from) { return Many(all_lanes(*from)); }

  OPSBRIDGE_MEMBER static Box<Many> load(const Corners& from, int64_t i) {
    return {load(from.x1 + i), load(from.y1 + i), load(from.x2 + i), load(from.y2 + i), Many(0)};
  }

  void summarize_all() {
    best_ = Many(kNone);
    const int64_t blocks = s_.slots / kSoftBlock, groups = soft_blocks_of(blocks);
    if (is_flat()) {
      for (int64_t i = 0; i < s_.slots; i += kCount) best_ = larger(best_, load(s_.each.score + i));
      return;
    }
    for (int64_t block = 0; block < blocks; ++block) summarize(s_.each, s_.blocks, block);
    end_layer(s_.blocks, blocks);
    for (int64_t group = 0; group < groups; ++group) {
      best_ = larger(best_, summarize(s_.blocks, s_.groups, group));
    }
    end_layer(s_.groups, groups);
  }

  // Bounds of what is live in a block or group, and the best score, which is returned too.
  static Many summarize(const Layer& from, const Layer& to, int64_t at) {
    const Many infinity = Many(-kNone);
    Many left = Many(kNone), top = left, right = left, bottom = left, best = left;
    for (int64_t i = at * kSoftBlock; i < (at + 1) * kSoftBlock; i += kCount) {
      const Many score = load(from.score + i);
      const auto is_live = score > Many(kNone);
      const Box<Many> box = load(from.box, i);
      left = larger(left, Many(-pick(is_live, box.x1, infinity).value));
      top = larger(top, Many(-pick(is_live, box.y1, infinity).value));
      right = larger(right, pick(is_live, box.x2, Many(kNone)));
      bottom = larger(bottom, pick(is_live, box.y2, Many(kNone)));
      best = larger(best, score);
    }
    to.box.x1[at] = -largest_lane(left).value[0];
    to.box.y1[at] = -largest_lane(top).value[0];
    to.box.x2[at] = largest_lane(right).value[0];
    to.box.y2[at] = largest_lane(bottom).value[0];
    to.score[at] = largest_lane(best).value[0];
    return best;
  }

  // Nothing is live in what only fills the last block or vector.
  static void end_layer(const Layer& layer, int64_t count) {
    for (int64_t i = count; i < soft_blocks_of(count) * kSoftBlock; ++i) layer.score[i] = kNone;
  }

  // Closes the gaps that selected and dropped boxes have left.
  void compact() {
    const Layer& each = s_.each;
    Number* const columns[] = {each.box.x1, each.box.y1, each.box.x2,
                               each.box.y2, s_.area,     each.score};
    int64_t to = 0;
    for (int64_t from = 0; from < s_.slots; ++from) {
      if (each.score[from] == kNone) continue;
      for (Number* column : columns) column[to] = column[from];
      s_.candidate[to] = s_.candidate[from];
      s_.position[to] = s_.position[from];
      s_.slot_at[s_.position[to]] = to;
      ++to;
    }
    end_layer(each, to);
    s_.slots = soft_blocks_of(to) * kSoftBlock;
    summarize_all();
  }

  // Calls found(i) for the score of each i in the range that is the best one. Which vector it is in
  // cannot be predicted, so there is one branch for 64 scores.
  template <class Found>
  OPSBRIDGE_MEMBER static void find(const Number* scores, Many best, int64_t begin, int64_t end,
                                    Found found) {
    for (int64_t first = begin; first < end; first += 64) {
      const int64_t count = smaller(end - first, int64_t(64));
      uint64_t bits = 0;
      for (int64_t i = 0; i < count; i += kCount) {
        bits |= uint64_t(lane_bits(load(scores + first + i) == best)) << i;
      }
      for (; bits != 0; bits &= bits - 1) found(first + __builtin_ctzll(bits));
    }
  }

  // Of equal scores, the one at the lowest position: the frameworks keep the first they come to.
  int64_t best_slot() const {
    const Many best = largest_lane(best_);
    int64_t first = -1;
    const auto take = [&](int64_t slot) {
      if (first < 0 || s_.position[slot] < s_.position[first]) first = slot;
    };
    const auto in_block = [&](int64_t block) {
      find(s_.each.score, best, block * kSoftBlock, (block + 1) * kSoftBlock, take);
    };
    const auto in_group = [&](int64_t group) {
      find(s_.blocks.score, best, group * kSoftBlock, (group + 1) * kSoftBlock, in_block);
    };
    if (is_flat()) {
      find(s_.each.score, best, 0, s_.slots, take);
    } else {
      find(s_.groups.score, best, 0, group_count(), in_group);
    }
    return first;
  }

  // Swaps the selected candidate to the next position.
  void choose(int64_t slot) {
    const int64_t at = s_.selected, from = s_.position[slot], other = s_.slot_at[at];
    s_.slot_at[from] = other;
    s_.position[other] = from;
    s_.chosen[at] = s_.candidate[slot];
    s_.chosen_score[at] = s_.each.score[slot];
  }

  // Scores are written a vector at a time: a vector that is read soon after one of its numbers was
  // written would have to wait for it.
  void take_out(int64_t slot) {
    Number* scores = s_.each.score + slot / kCount * kCount;
    const auto is_slot = lane_numbers<A>() == int(slot % kCount);
    store_lanes(scores, pick(is_slot, Many(kNone), load(scores)).value);
  }

  // Lowers what the selected box meets, and finds the best score of the rest.
  void lower_others(int64_t slot) {
    const Corners& box = s_.each.box;
    const Box<Many> winner{repeat(box.x1 + slot), repeat(box.y1 + slot), repeat(box.x2 + slot),
                           repeat(box.y2 + slot), repeat(s_.area + slot)};
    if (is_flat()) {
      best_ = lower_range(winner, 0, s_.slots);
      return;
    }
    // A candidate that no box meets is dropped for its own low score by the first selection, which
    // looks at every candidate. Later ones find it unchanged, hence high enough.
    const bool looks_at_all = !s_.prunes || (s_.selected == 0 && !skips_);
    const int64_t own_block = slot / kSoftBlock, own_group = own_block / kSoftBlock;
    const auto lower_block = [&](int64_t block) {
      return lower_range(winner, block * kSoftBlock, (block + 1) * kSoftBlock);
    };
    const auto lower_group = [&](int64_t group) {
      return lower_met(s_.blocks, group * kSoftBlock, (group + 1) * kSoftBlock, winner, own_block,
                       looks_at_all, lower_block);
    };
    best_ = lower_met(s_.groups, 0, group_count(), winner, own_group, looks_at_all, lower_group);
  }

  // Calls lower(i), which returns the best score that is left, for what the selected box may meet,
  // and for its own place. Returns the best scores of all, by lane.
  template <class Lower>
  OPSBRIDGE_MEMBER Many lower_met(const Layer& layer, int64_t begin, int64_t end,
                                  const Box<Many>& winner, int64_t own, bool looks_at_all,
                                  Lower lower) {
    Many all = Many(kNone);
    for (int64_t i = begin; i < end; i += kCount) {
      Many best = load(layer.score + i);
      uint32_t bits = lane_bits(best > Many(kNone));
      // Rounding is monotonic: where the bounds leave no side, no box in them has one.
      if (!looks_at_all) {
        bits &= lane_bits(overlaps(winner, load(layer.box, i), s_.settings.rule.box_offset));
      }
      bits |= uint32_t(uint64_t(own - i) < kCount) << ((own - i) & 31);
      if (bits != 0) {
        for (; bits != 0; bits &= bits - 1) {
          const int lane = __builtin_ctz(bits);
          const Many left = largest_lane(lower(i + lane));
          best = pick(lane_numbers<A>() == lane, left, best);
        }
        store_lanes(layer.score + i, best.value);
      }
      all = larger(all, best);
    }
    return all;
  }

  // Lowers the scores of the boxes in a range of slots. Returns the best that are left, by lane.
  OPSBRIDGE_MEMBER Many lower_range(const Box<Many>& winner, int64_t begin, int64_t end) {
    // Locals stay in registers, whatever is stored.
    const Layer each = s_.each;
    const Number* const area = s_.area;
    const BoxOffset offset = s_.settings.rule.box_offset;
    const bool skips = skips_;
    SoftSettings<Many> settings = settings_;
    settings.rule.method = kMethod;
    Many best = Many(kNone);
    auto strange = best > best;
    for (int64_t i = begin; i < end; i += kCount) {
      const Many score = load(each.score + i);
      Box<Many> other = load(each.box, i);
      other.area = load(area + i);
      auto changes = score > Many(kNone);
      if (skips) changes &= overlaps(winner, other, offset);
      Many overlap = overlap_of(winner, other, offset);
      // No exponential for nothing.
      if (kMethod == SoftMethod::gaussian) overlap = pick(changes, overlap, Many(0));
      const Many lowered = pick(changes, soft_weight(overlap, settings) * score, score);
      const auto drops = changes & (lowered < settings.min_score);
      const Many left = pick(drops, Many(kNone), lowered);
      strange |= changes & ~drops & ~(lowered > Many(kNone));
      store_lanes(each.score + i, left.value);
      best = larger(best, left);
      if (const uint32_t bits = lane_bits(drops); bits != 0) drop(bits, i);
    }
    is_ordinary_ &= lane_bits(strange) == 0;
    return best;
  }

  __attribute__((noinline)) void drop(uint32_t bits, int64_t first) {
    for (; bits != 0; bits &= bits - 1) drop(s_.position[first + __builtin_ctz(bits)]);
  }

  void drop(int64_t position) {
    s_.dropped[position / 64] |= uint64_t(1) << (position % 64);
    first_dropped_ = smaller(first_dropped_, position / 64);
    last_dropped_ = larger(last_dropped_, position / 64);
  }

  // In ascending order: the last live candidate takes a dropped one's position, unless it is
  // dropped itself.
  void replace_dropped() {
    for (int64_t word = first_dropped_; word <= last_dropped_; ++word) {
      while (s_.dropped[word] != 0) {
        const int64_t position = word * 64 + __builtin_ctzll(s_.dropped[word]);
        s_.dropped[word] &= s_.dropped[word] - 1;
        if (position < s_.live) replace(position);
      }
    }
    first_dropped_ = INT64_MAX;
    last_dropped_ = -1;
  }

  void replace(int64_t position) {
    for (;;) {
      const int64_t last = --s_.live;
      if (last == position) return;
      const uint64_t bit = uint64_t(1) << (last % 64);
      if ((s_.dropped[last / 64] & bit) == 0) {
        s_.slot_at[position] = s_.slot_at[last];
        s_.position[s_.slot_at[position]] = position;
        return;
      }
      s_.dropped[last / 64] &= ~bit;
    }
  }

  SoftBlocks<A> s_;
  SoftSettings<Many> settings_;
  Many best_;  // the largest lane of it is the best score
  bool skips_;
  bool is_ordinary_ = true;
  int64_t first_dropped_ = INT64_MAX, last_dropped_ = -1;  // words of s_.dropped
};

}  // namespace

template <class A>
void soft_nms_in_blocks(SoftBlocks<A>& blocks) {
  switch (blocks.settings.rule.method) {
    case SoftMethod::linear:
      blocks = Selection<A, SoftMethod::linear>(blocks).run();
      break;
    case SoftMethod::gaussian:
      blocks = Selection<A, SoftMethod::gaussian>(blocks).run();
      break;
    default:
      blocks = Selection<A, SoftMethod::naive>(blocks).run();
  }
}

template void soft_nms_in_blocks(SoftBlocks<float>&);
template void soft_nms_in_blocks(SoftBlocks<double>&);
template void soft_nms_in_blocks(SoftBlocks<Half>&);
template void soft_nms_in_blocks(SoftBlocks<BrainFloat>&);

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
