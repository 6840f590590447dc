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
  typename Lanes<A>::Held weights[Lanes<A>::kCount];
  store_lanes(weights, pick(exponent == zero, Lanes<A>(1), exponent).value);
  for (uint32_t bits = lane_bits(~(exponent == zero)); bits != 0; bits &= bits - 1) {
    auto& weight = weights[__builtin_ctz(bits)];
    weight = opsbridge::gaussian_weight(A(weight), in);
  }
  return Lanes<A>(load_lanes(weights));
}

namespace {

constexpr float kNone = -__builtin_inff();

template <class A>
class Selection {
  using Number = typename SoftBlocks<A>::Number;
  using Many = Lanes<A>;
  using Corners = typename SoftBlocks<A>::Corners;
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
      if (checks && s_.score[slot] < s_.settings.min_score) {
        s_.live = s_.selected;
        break;
      }
      choose(slot);
      lower_others(slot);
      replace_dropped();
      ++s_.selected;
    }
    return s_;
  }

 private:
  OPSBRIDGE_MEMBER static Many load(const Number* from) { return Many(load_lanes(from)); }
  OPSBRIDGE_MEMBER static Many repeat(const Number* from) { return Many(all_lanes(*from)); }

  OPSBRIDGE_MEMBER static Box<Many> load(const Corners& from, int64_t i) {
    return {load(from.x1 + i), load(from.y1 + i), load(from.x2 + i), load(from.y2 + i), Many(0)};
  }

  void summarize_all() {
    best_ = Many(kNone);
    for (int64_t block = 0; block < s_.slots / kSoftBlock; ++block) summarize(block);
  }

  // Bounds of what is live in a block, and the best score.
  void summarize(int64_t block) {
    const int64_t first = block * kSoftBlock;
    Number low_x = 0, low_y = 0, high_x = 0, high_y = 0;
    bool is_empty = true;
    for (int64_t i = first; i < first + kSoftBlock; ++i) {
      if (s_.score[i] == kNone) continue;
      low_x = is_empty ? s_.box.x1[i] : smaller(low_x, s_.box.x1[i]);
      low_y = is_empty ? s_.box.y1[i] : smaller(low_y, s_.box.y1[i]);
      high_x = is_empty ? s_.box.x2[i] : larger(high_x, s_.box.x2[i]);
      high_y = is_empty ? s_.box.y2[i] : larger(high_y, s_.box.y2[i]);
      is_empty = false;
    }
    s_.bounds.x1[block] = low_x;
    s_.bounds.y1[block] = low_y;
    s_.bounds.x2[block] = high_x;
    s_.bounds.y2[block] = high_y;
    Many best = Many(kNone);
    for (int64_t i = first; i < first + kSoftBlock; i += kCount) {
      best = larger(best, load(s_.score + i));
    }
    s_.best[block] = largest_lane(best).value[0];
    best_ = larger(best_, best);
  }

  // Closes the gaps that selected and dropped boxes have left.
  void compact() {
    Number* const columns[] = {s_.box.x1, s_.box.y1, s_.box.x2, s_.box.y2, s_.area, s_.score};
    int64_t to = 0;
    for (int64_t from = 0; from < s_.slots; ++from) {
      if (s_.score[from] == kNone) continue;
      for (Number* column : columns) column[to] = column[from];
      s_.candidate[to] = s_.candidate[from];
      s_.position[to] = s_.position[from];
      s_.slot_at[s_.position[to]] = to;
      ++to;
    }
    const int64_t blocks = (to + kSoftBlock - 1) / kSoftBlock;
    for (; to < blocks * kSoftBlock; ++to) s_.score[to] = kNone;
    for (int64_t block = blocks; block < s_.slots / kSoftBlock; ++block) s_.best[block] = kNone;
    s_.slots = blocks * kSoftBlock;
    summarize_all();
  }

  // Of equal scores, the one at the lowest position: the frameworks keep the first they come to.
  int64_t best_slot() const {
    const Many best = largest_lane(best_);
    int64_t found = -1;
    for (int64_t block = 0; block < s_.slots / kSoftBlock; block += kCount) {
      for (uint32_t bits = lane_bits(load(s_.best + block) == best); bits != 0; bits &= bits - 1) {
        const int64_t first = (block + __builtin_ctz(bits)) * kSoftBlock;
        for (int64_t i = first; i < first + kSoftBlock; i += kCount) {
          for (uint32_t in = lane_bits(load(s_.score + i) == best); in != 0; in &= in - 1) {
            const int64_t slot = i + __builtin_ctz(in);
            if (found < 0 || s_.position[slot] < s_.position[found]) found = slot;
          }
        }
      }
    }
    return found;
  }

  // Swaps the selected candidate to the next position.
  void choose(int64_t slot) {
    const int64_t at = s_.selected, from = s_.position[slot], other = s_.slot_at[at];
    s_.slot_at[from] = other;
    s_.position[other] = from;
    s_.chosen[at] = s_.candidate[slot];
    s_.chosen_score[at] = s_.score[slot];
  }

  // Lowers what the selected box meets, takes it out itself, and finds the best score of the rest.
  // Scores are written a vector at a time: a vector that is read soon after one of its numbers was
  // written would have to wait for it.
  void lower_others(int64_t slot) {
    const Box<Many> winner{repeat(s_.box.x1 + slot), repeat(s_.box.y1 + slot),
                           repeat(s_.box.x2 + slot), repeat(s_.box.y2 + slot),
                           repeat(s_.area + slot)};
    const BoxOffset offset = s_.settings.rule.box_offset;
    // A candidate that no box meets is dropped for its own low score by the first selection, which
    // looks at every candidate. Later ones find it unchanged, hence high enough.
    const bool looks_at_all = !s_.prunes || (s_.selected == 0 && !skips_);
    const int64_t own_block = slot / kSoftBlock;
    best_ = Many(kNone);
    for (int64_t block = 0; block < s_.slots / kSoftBlock; block += kCount) {
      Many best = load(s_.best + block);
      uint32_t bits = lane_bits(best > Many(kNone));
      // Rounding is monotonic: where the bounds leave no side, no box in them has one.
      if (!looks_at_all) bits &= lane_bits(overlaps(winner, load(s_.bounds, block), offset));
      if (own_block - block < kCount && own_block >= block) bits |= 1u << (own_block - block);
      if (bits != 0) {
        for (; bits != 0; bits &= bits - 1) {
          const int lane = __builtin_ctz(bits);
          const Many of_block = lower_block(winner, block + lane, slot);
          best = pick(lane_numbers<A>() == lane, of_block, best);
        }
        store_lanes(s_.best + block, best.value);
      }
      best_ = larger(best_, best);
    }
  }

  // Returns the best score that is left, in every lane.
  Many lower_block(const Box<Many>& winner, int64_t block, int64_t selected) {
    Many best = Many(kNone);
    for (int64_t i = block * kSoftBlock; i < (block + 1) * kSoftBlock; i += kCount) {
      best = larger(best, lower(winner, i, selected));
    }
    return largest_lane(best);
  }

  // Lowers the scores of the boxes from slot i on.
  Many lower(const Box<Many>& winner, int64_t i, int64_t selected) {
    const BoxOffset offset = s_.settings.rule.box_offset;
    Many score = load(s_.score + i);
    if (selected - i < kCount && selected >= i) {
      score = pick(lane_numbers<A>() == int(selected - i), Many(kNone), score);
    }
    Box<Many> other = load(s_.box, i);
    other.area = load(s_.area + i);
    auto changes = score > Many(kNone);
    if (skips_) changes &= overlaps(winner, other, offset);
    const Many overlap = pick(changes, overlap_of(winner, other, offset), Many(0));
    const Many lowered = pick(changes, soft_weight(overlap, settings_) * score, score);
    const auto drops = changes & (lowered < settings_.min_score);
    const Many left = pick(drops, Many(kNone), lowered);
    is_ordinary_ &= lane_bits(changes & ~drops & ~(lowered > Many(kNone))) == 0;
    store_lanes(s_.score + i, left.value);
    for (uint32_t bits = lane_bits(drops); bits != 0; bits &= bits - 1) {
      drop(s_.position[i + __builtin_ctz(bits)]);
    }
    return left;
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
  blocks = Selection<A>(blocks).run();
}

template void soft_nms_in_blocks(SoftBlocks<float>&);
template void soft_nms_in_blocks(SoftBlocks<double>&);
template void soft_nms_in_blocks(SoftBlocks<Half>&);
template void soft_nms_in_blocks(SoftBlocks<BrainFloat>&);

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
