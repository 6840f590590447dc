// Soft suppression in blocks, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/lanes.h"
#include "ops/soft_nms_levels.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// The exponential is the C library's, number by number. Where boxes do not meet it is that of zero,
// which is exactly one.
template <class A>
OPSBRIDGE_FN Lanes<A> gaussian_weight(Lanes<A> exponent, Exponential in) {
  for (int lane = 0; lane < Lanes<A>::kCount; ++lane) {
    const auto number = exponent.value[lane];
    if (number == 0) {
      exponent.value[lane] = 1;
    } else {
      exponent.value[lane] = opsbridge::gaussian_weight(A(number), in);
    }
  }
  return exponent;
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
  explicit Selection(SoftBlocks<A>& blocks) : s_(blocks), settings_(blocks.settings) {
    many_settings_ = {Many(settings_.iou_threshold), Many(settings_.sigma),
                      Many(settings_.min_score), settings_.rule};
    skips_ = settings_.rule.disjoint_box == DisjointBox::skipped;
  }

  void run() {
    for (int64_t block = 0; block < s_.slots / kSoftBlock; ++block) summarize(block);
    while (s_.selected < s_.live && is_ordinary_) {
      if (2 * (s_.live - s_.selected) < s_.slots && s_.slots > kSoftBlock) compact();
      const int64_t slot = best_slot();
      if (settings_.rule.first_box == FirstBox::checked && s_.score[slot] < settings_.min_score) {
        s_.live = s_.selected;
        return;
      }
      choose(slot);
      lower_others(slot);
      replace_dropped();
      ++s_.selected;
    }
  }

 private:
  OPSBRIDGE_MEMBER static Many load(const Number* from) { return Many(load_lanes(from)); }

  OPSBRIDGE_MEMBER static Box<Many> load(const Corners& from, int64_t i) {
    return {load(from.x1 + i), load(from.y1 + i), load(from.x2 + i), load(from.y2 + i), Many(0)};
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
    find_best(block);
  }

  void find_best(int64_t block) {
    Many best = load(s_.score + block * kSoftBlock);
    for (int64_t i = kCount; i < kSoftBlock; i += kCount) {
      best = larger(best, load(s_.score + block * kSoftBlock + i));
    }
    s_.best[block] = largest_lane(best);
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
    for (int64_t block = 0; block < blocks; ++block) summarize(block);
    for (int64_t block = blocks; block < s_.slots / kSoftBlock; ++block) s_.best[block] = kNone;
    s_.slots = blocks * kSoftBlock;
  }

  // Of equal scores, the one at the lowest position: the frameworks keep the first they come to.
  int64_t best_slot() const {
    const int64_t blocks = s_.slots / kSoftBlock;
    Many best = load(s_.best);
    for (int64_t block = kCount; block < blocks; block += kCount) {
      best = larger(best, load(s_.best + block));
    }
    best = Many(all_lanes(largest_lane(best)));
    int64_t found = -1;
    for (int64_t block = 0; block < blocks; block += kCount) {
      for (uint32_t bits = lane_bits(load(s_.best + block) == best); bits != 0; bits &= bits - 1) {
        const int64_t first = (block + __builtin_ctz(bits)) * kSoftBlock;
        for (int64_t slot = first; slot < first + kSoftBlock; ++slot) {
          const bool is_best = s_.score[slot] == best.value[0];
          if (is_best && (found < 0 || s_.position[slot] < s_.position[found])) found = slot;
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
    s_.score[slot] = kNone;
    find_best(slot / kSoftBlock);
  }

  void lower_others(int64_t slot) {
    const Box<Many> winner{Many(all_lanes(s_.box.x1[slot])), Many(all_lanes(s_.box.y1[slot])),
                           Many(all_lanes(s_.box.x2[slot])), Many(all_lanes(s_.box.y2[slot])),
                           Many(all_lanes(s_.area[slot]))};
    // A candidate that no box meets is dropped for its own low score by the first selection, which
    // looks at every candidate. Later ones find it unchanged, hence high enough.
    const bool looks_at_all = !s_.prunes || (s_.selected == 0 && !skips_);
    const int64_t blocks = s_.slots / kSoftBlock;
    for (int64_t block = 0; block < blocks; block += kCount) {
      const auto has_any = load(s_.best + block) > Many(kNone);
      // Rounding is monotonic: where the bounds leave no side, no box in them has one.
      const auto meets = overlaps(winner, load(s_.bounds, block), settings_.rule.box_offset);
      for (uint32_t bits = lane_bits(looks_at_all ? has_any : has_any & meets); bits != 0;
           bits &= bits - 1) {
        lower_block(winner, block + __builtin_ctz(bits));
      }
    }
  }

  void lower_block(const Box<Many>& winner, int64_t block) {
    Many best = Many(kNone);
    for (int64_t i = block * kSoftBlock; i < (block + 1) * kSoftBlock; i += kCount) {
      best = larger(best, lower(winner, i));
    }
    s_.best[block] = largest_lane(best);
  }

  // The scores of the boxes from slot i on, lowered.
  Many lower(const Box<Many>& winner, int64_t i) {
    const Many score = load(s_.score + i);
    Box<Many> other = load(s_.box, i);
    other.area = load(s_.area + i);
    const BoxOffset offset = settings_.rule.box_offset;
    auto changes = score > Many(kNone);
    if (skips_) changes &= overlaps(winner, other, offset);
    const Many overlap = pick(changes, overlap_of(winner, other, offset), Many(0));
    const Many lowered = pick(changes, soft_weight(overlap, many_settings_) * score, score);
    const auto drops = changes & (lowered < many_settings_.min_score);
    const auto is_odd = changes & ~drops & ~(lowered > Many(kNone));
    if (lane_bits(is_odd) != 0) is_ordinary_ = false;
    const Many result = pick(drops, Many(kNone), lowered);
    store_lanes(s_.score + i, result.value);
    for (uint32_t bits = lane_bits(drops); bits != 0; bits &= bits - 1) {
      drop(s_.position[i + __builtin_ctz(bits)]);
    }
    return result;
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

  SoftBlocks<A>& s_;
  const SoftSettings<A> settings_;
  SoftSettings<Many> many_settings_;
  bool skips_;
  bool is_ordinary_ = true;
  int64_t first_dropped_ = INT64_MAX, last_dropped_ = -1;  // words of s_.dropped
};

}  // namespace

template <class A>
void soft_nms_in_blocks(SoftBlocks<A>& blocks) {
  Selection<A>(blocks).run();
}

template void soft_nms_in_blocks(SoftBlocks<float>&);
template void soft_nms_in_blocks(SoftBlocks<double>&);
template void soft_nms_in_blocks(SoftBlocks<Half>&);
template void soft_nms_in_blocks(SoftBlocks<BrainFloat>&);

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
