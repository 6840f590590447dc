// Soft suppression in blocks, compiled once per instruction-set level (OPSBRIDGE_LEVEL names it).
#include "ops/exponential_lanes.h"
#include "ops/lanes.h"
#include "ops/packed_lanes.h"
#include "ops/soft_nms_levels.h"
#include "runtime/may_end.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

// The exponential is the C library's; of zero, where boxes do not meet, it is one.
template <class A>
OPSBRIDGE_FN Lanes<A> gaussian_weight(Lanes<A> exponent, Exponential in) {
  const auto is_zero = exponent == Lanes<A>(0);
  uint32_t bits = lane_bits(~is_zero);
  if (bits == 0) return Lanes<A>(1);
  Lanes<A> weight = pick(is_zero, Lanes<A>(1), exponent);
  if constexpr (kHasNearExponential<A>) {
    const SureExponentials<A> near = sure_exponentials(exponent);
    bits = lane_bits(~near.is_sure);
    if (bits == 0) return near.value;
    weight = pick(near.is_sure, near.value, exponent);
  }
  typename Lanes<A>::Held weights[Lanes<A>::kCount];
  store_lanes(weights, weight.value);
  for (; bits != 0; bits &= bits - 1) {
    auto& each = weights[__builtin_ctz(bits)];
    each = opsbridge::gaussian_weight(A(each), in);
  }
  return Lanes<A>(load_lanes(weights));
}

namespace {

constexpr float kNone = -__builtin_inff();

// With a usual rule the compiler knows what the frameworks' pixels and weights are.
OPSBRIDGE_FN bool is_usual(const SoftNmsRule& rule) {
  return rule.box_offset == BoxOffset::zero && rule.disjoint_box == DisjointBox::weighted;
}

template <class A, SoftMethod kMethod, bool kIsUsual>
class Selection {
  using Number = typename SoftBlocks<A>::Number;
  using Many = Lanes<A>;
  using Corners = typename SoftBlocks<A>::Corners;
  using Layer = typename SoftBlocks<A>::Layer;
  static constexpr int64_t kCount = Many::kCount;

  // The selected box in every lane, and the area that it shares at least with what it lowers.
  struct Winner {
    Box<Many> box;
    Many least_shared;
  };

 public:
  explicit Selection(const SoftBlocks<A>& blocks) : s_(blocks) {
    const SoftSettings<A>& settings = s_.settings;
    settings_ = {Many(settings.iou_threshold), Many(settings.sigma), Many(settings.min_score),
                 settings.rule};
  }

  const SoftBlocks<A>& run() {
    const bool checks = s_.settings.rule.first_box == FirstBox::checked;
    const int64_t count = s_.live;
    summarize_all();
    while (s_.selected < smaller(s_.live, s_.most) && is_ordinary_) {
      if (may_end_at(s_.selected)) break;
      if (2 * (s_.live - s_.selected) < s_.slots && s_.slots > kSoftBlock) compact();
      const int64_t slot = best_slot();
      if (checks && s_.each.score[slot] < s_.settings.min_score) {
        s_.live = s_.selected;
        break;
      }
      s_.positions.selected[s_.selected] = s_.candidate[slot];
      s_.selected_score[s_.selected] = s_.each.score[slot];
      take_out(slot);
      lower_others(slot);
      s_.positions.dropped_by[s_.selected++] = dropped_;
      s_.live = count - dropped_;
    }
    return s_;
  }

 private:
  BoxOffset offset() const { return kIsUsual ? BoxOffset::zero : s_.settings.rule.box_offset; }
  bool skips() const { return !kIsUsual && s_.settings.rule.disjoint_box == DisjointBox::skipped; }

  bool is_flat() const { return s_.slots <= kFlatSlots; }
  int64_t block_count() const { return s_.slots / kSoftBlock; }
  int64_t group_count() const { return whole_parts(block_count(), kSoftGroup); }

  OPSBRIDGE_MEMBER static Many load(const Number* from) { return Many(load_lanes(from)); }
  OPSBRIDGE_MEMBER static Many repeat(const Number* from) { return Many(all_lanes(*from)); }

  OPSBRIDGE_MEMBER static Box<Many> load(const Corners& from, int64_t i) {
    return {load(from.x1 + i), load(from.y1 + i), load(from.x2 + i), load(from.y2 + i), Many(0)};
  }

  void summarize_all() {
    best_ = Many(kNone);
    if (is_flat()) {
      for (int64_t i = 0; i < s_.slots; i += kCount) best_ = larger(best_, load(s_.each.score + i));
      return;
    }
    const int64_t blocks = block_count(), groups = group_count();
    for (int64_t block = 0; block < blocks; ++block) {
      summarize(s_.each, kSoftBlock, s_.blocks, block);
    }
    end_layer(s_.blocks, blocks, kSoftGroup);
    for (int64_t group = 0; group < groups; ++group) {
      best_ = larger(best_, summarize(s_.blocks, kSoftGroup, s_.groups, group));
    }
    end_layer(s_.groups, groups, kSoftBlock);
  }

  // Bounds of what is live in a block or group, and the best score, which is returned too.
  static Many summarize(const Layer& from, int64_t parts, const Layer& to, int64_t at) {
    const Many infinity = Many(-kNone);
    Many left = Many(kNone), top = left, right = left, bottom = left, best = left;
    for (int64_t i = at * parts; i < (at + 1) * parts; i += kCount) {
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

  // Nothing is live in what only fills the last block, group or vector.
  static void end_layer(const Layer& layer, int64_t count, int64_t part) {
    for (int64_t i = count; i < whole_parts(count, part) * part; ++i) layer.score[i] = kNone;
  }

  // Closes the gaps that selected and dropped boxes have left.
  void compact() {
    const Layer& each = s_.each;
    Number* const columns[] = {each.box.x1, each.box.y1, each.box.x2,
                               each.box.y2, s_.area,     each.score};
    int64_t to = 0;
    for (int64_t from = 0; from < s_.slots; from += kSoftBlock) {
      uint32_t bits = 0;
      for (int64_t i = 0; i < kSoftBlock; i += kCount) {
        bits |= lane_bits(load(each.score + from + i) > Many(kNone)) << i;
      }
      for (Number* column : columns) pack_lanes(column + from, bits, column + to);
      pack_lanes(s_.candidate + from, bits, s_.candidate + to);
      to += __builtin_popcount(bits);
    }
    end_layer(each, to, kSoftBlock);
    s_.slots = whole_parts(to, kSoftBlock) * kSoftBlock;
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
  int64_t best_slot() {
    const Many best = largest_lane(best_);
    int64_t first = -1;
    const auto take = [&](int64_t slot) {
      if (first < 0 || comes_before(slot, first)) first = slot;
    };
    const auto in_block = [&](int64_t block) {
      find(s_.each.score, best, block * kSoftBlock, (block + 1) * kSoftBlock, take);
    };
    const auto in_group = [&](int64_t group) {
      find(s_.blocks.score, best, group * kSoftGroup, (group + 1) * kSoftGroup, in_block);
    };
    if (is_flat()) {
      find(s_.each.score, best, 0, s_.slots, take);
    } else if (group_count() == 1) {
      in_group(0);
    } else {
      find(s_.groups.score, best, 0, whole_parts(group_count(), kSoftBlock) * kSoftBlock, in_group);
    }
    return first;
  }

  __attribute__((noinline)) bool comes_before(int64_t slot, int64_t other) {
    follow(s_.positions, static_cast<uint32_t>(s_.selected));
    const uint32_t* position = s_.positions.position;
    return position[s_.candidate[slot]] < position[s_.candidate[other]];
  }

  // Scores are written a vector at a time: a vector that is read soon after one of its numbers was
  // written would have to wait for it.
  void take_out(int64_t slot) {
    Number* scores = s_.each.score + slot / kCount * kCount;
    const auto is_slot = lane_numbers<A>() == int(slot % kCount);
    store_lanes(scores, pick(is_slot, Many(kNone), load(scores)).value);
  }

  // Whether the selected box may lower the score of another, or of any in these bounds. Rounding is
  // monotonic: with no box in the bounds it shares more than with the bounds.
  OPSBRIDGE_MEMBER auto may_meet(const Winner& winner, const Box<Many>& other) const {
    if (skips()) return overlaps(winner.box, other, offset());
    return intersection(winner.box, other, offset()) > winner.least_shared;
  }

  OPSBRIDGE_MEMBER Winner winner_at(int64_t slot) const {
    const Corners& box = s_.each.box;
    const Many area = repeat(s_.area + slot), shared = Many(area.value * s_.least_share);
    return {{repeat(box.x1 + slot), repeat(box.y1 + slot), repeat(box.x2 + slot),
             repeat(box.y2 + slot), area},
            pick(shared > Many(kLeastShared), shared, Many(0))};
  }

  // Lowers what the selected box meets, and finds the best score of the rest.
  void lower_others(int64_t slot) {
    const Winner winner = winner_at(slot);
    // A candidate that no box meets is dropped for its own low score by the first selection, which
    // looks at every candidate. Later ones find it unchanged, hence high enough.
    const bool looks_at_all = !s_.prunes || (s_.selected == 0 && !skips());
    best_ = Many(kNone);
    if (is_flat()) {
      for (int64_t block = 0; block < block_count(); ++block) {
        lower(winner, block, looks_at_all, best_);
      }
      return;
    }
    const int64_t own_block = slot / kSoftBlock, own_group = own_block / kSoftGroup;
    const auto in_block = [&](int64_t block, Many& best) __attribute__((always_inline)) {
      return lower(winner, block, looks_at_all, best) || block == own_block;
    };
    const auto in_group = [&](int64_t group, Many& best) __attribute__((always_inline)) {
      return lower_met(s_.blocks, group * kSoftGroup, (group + 1) * kSoftGroup, winner, own_block,
                       looks_at_all, in_block, best);
    };
    if (group_count() == 1) {
      in_group(0, best_);
    } else {
      lower_met(s_.groups, 0, whole_parts(group_count(), kSoftBlock) * kSoftBlock, winner,
                own_group, looks_at_all, in_group, best_);
    }
  }

  // Calls lower(i, best) for what the selected box may meet, and for its own place: it finds the
  // best scores that are left, by lane, and says whether any has changed. Does the same for all.
  // Where a loop over bits ends cannot be predicted, so there is one for 64 places.
  template <class Lower>
  OPSBRIDGE_MEMBER bool lower_met(const Layer& layer, int64_t begin, int64_t end,
                                  const Winner& winner, int64_t own, bool looks_at_all, Lower lower,
                                  Many& best) {
    for (int64_t first = begin; first < end; first += 64) {
      const int64_t count = smaller(end - first, int64_t(64));
      uint64_t bits = 0;
      for (int64_t i = 0; i < count; i += kCount) {
        const Many score = load(layer.score + first + i);
        auto is_met = score > Many(kNone);
        if (!looks_at_all) is_met &= may_meet(winner, load(layer.box, first + i));
        is_met |= lane_numbers<A>() == int(own - first - i);
        best = larger(best, pick(is_met, Many(kNone), score));
        bits |= uint64_t(lane_bits(is_met)) << i;
      }
      for (; bits != 0; bits &= bits - 1) {
        const int64_t at = first + __builtin_ctzll(bits);
        Many left = Many(kNone);
        if (lower(at, left)) layer.score[at] = largest_lane(left).value[0];
        best = larger(best, left);
      }
    }
    return true;
  }

  // Lowers the scores of the boxes in a block, and includes what is left in the best, by lane.
  // False if nothing has changed.
  OPSBRIDGE_MEMBER bool lower(const Winner& winner, int64_t block, bool looks_at_all, Many& best) {
    const Layer each = s_.each;  // a local stays in registers, whatever is stored
    uint32_t drops = 0;
    bool has_changed = false;
    for (int64_t part = 0; part < kSoftBlock; part += kCount) {
      const int64_t i = block * kSoftBlock + part;
      const Many score = load(each.score + i);
      auto changes = score > Many(kNone);
      if (!looks_at_all || skips()) changes &= may_meet(winner, load(each.box, i));
      if (!looks_at_all && lane_bits(changes) == 0) {
        best = larger(best, score);
        continue;
      }
      has_changed = true;
      if constexpr (kMethod == SoftMethod::gaussian) {
        drops |= lower_apart(winner, i, changes, best) << part;
      } else {
        drops |= lower_lanes(winner, i, changes, best) << part;
      }
    }
    if (drops != 0) {
      pack_lanes(s_.candidate + block * kSoftBlock, drops, s_.positions.dropped + dropped_);
      dropped_ += uint32_t(__builtin_popcount(drops));
    }
    return has_changed;
  }

  // Calls of the exponential take all vector registers, so nothing else should be held in some.
  template <class Comparison>
  __attribute__((noinline)) uint32_t lower_apart(const Winner& winner, int64_t i,
                                                 Comparison changes, Many& best) {
    return lower_lanes(winner, i, changes, best);
  }

  // Lowers the scores that change among those from i on. Tells which of them have got too low.
  template <class Comparison>
  OPSBRIDGE_MEMBER uint32_t lower_lanes(const Winner& winner, int64_t i, Comparison changes,
                                        Many& best) {
    SoftSettings<Many> settings = settings_;
    settings.rule.method = kMethod;
    settings.rule.exponent = Exponent::quotient;
    const Layer each = s_.each;
    const Many score = load(each.score + i);
    Box<Many> other = load(each.box, i);
    other.area = load(s_.area + i);
    Many overlap = overlap_of(winner.box, other, offset());
    // No exponential for nothing.
    if (kMethod == SoftMethod::gaussian) overlap = pick(changes, overlap, Many(0));
    const Many lowered = pick(changes, soft_weight(overlap, settings) * score, score);
    const auto is_low = changes & (lowered < settings.min_score);
    const Many left = pick(is_low, Many(kNone), lowered);
    is_ordinary_ &= lane_bits(changes & ~is_low & ~(lowered > Many(kNone))) == 0;
    store_lanes(each.score + i, left.value);
    best = larger(best, left);
    return lane_bits(is_low);
  }

  SoftBlocks<A> s_;
  SoftSettings<Many> settings_;
  Many best_;  // the largest lane of it is the best score
  bool is_ordinary_ = true;
  uint32_t dropped_ = 0;
};

template <class A, SoftMethod kMethod>
void select_by(SoftBlocks<A>& blocks) {
  blocks = is_usual(blocks.settings.rule) ? Selection<A, kMethod, true>(blocks).run()
                                          : Selection<A, kMethod, false>(blocks).run();
}

}  // namespace

template <class A>
void soft_nms_in_blocks(SoftBlocks<A>& blocks) {
  switch (blocks.settings.rule.method) {
    case SoftMethod::linear:
      return select_by<A, SoftMethod::linear>(blocks);
    case SoftMethod::gaussian:
      return select_by<A, SoftMethod::gaussian>(blocks);
    case SoftMethod::naive:
      return select_by<A, SoftMethod::naive>(blocks);
  }
}

template void soft_nms_in_blocks(SoftBlocks<float>&);
template void soft_nms_in_blocks(SoftBlocks<double>&);
template void soft_nms_in_blocks(SoftBlocks<Half>&);
template void soft_nms_in_blocks(SoftBlocks<BrainFloat>&);

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
