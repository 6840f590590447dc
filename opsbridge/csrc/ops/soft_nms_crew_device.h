// Soft suppression of one run of boxes by the warps of a block, which wait for each other once for
// every selection.
//
// A warp looks after parts of 32 boxes that are near each other, and keeps the bounds and the best
// score of each. Neighbouring parts belong to different warps, since the selected box mostly meets
// several of them. All warps know the best score once each has told its own; then each lowers the
// boxes of its parts that are met. Scores are compared as keys.
//
// Of equal scores the frameworks select the one that they come to first. Where it lies in their
// array is found out only then, from what the selections so far have noted (SoftPositions).
#pragma once

#include "cuda/executor.h"
#include "ops/soft_nms.h"
#include "ops/soft_nms_keys.h"
#include "ops/soft_nms_positions.h"
#include "ops/soft_nms_pruning.h"
#include "opsbridge/bits.h"

namespace opsbridge {

constexpr uint32_t kSoftPart = 32;

// The runs of a call: boxes of one run have slots next to each other.
template <class A>
struct SoftRuns {
  using Number = SoftNumber<A>;
  using Key = typename ScoreKey<Number>::type;
  struct Corners {
    Number* x1;
    Number* y1;
    Number* x2;
    Number* y2;
  };

  const uint32_t* count;   // of runs
  const uint32_t* begins;  // of each, and the end of the last
  Corners box;             // this and more by slot
  Number* area;
  Number* score;
  uint32_t* number;  // of a box in its run
  Corners bounds;    // this and more by part
  Key* best;
  uint32_t* best_slot;
  SoftPositions positions;  // of all runs
  Number* selected_score;   // by run and step
  uint32_t* selected;       // how many, by run
};

// Room for the parts of runs: each of them has an even number, so that warps have equally many.
OPSBRIDGE_FN int64_t first_part(int64_t begin, int64_t run) {
  return 2 * (begin / int64_t(kSoftPart) + run);
}
// Room for the bits of a run.
OPSBRIDGE_FN int64_t first_word(int64_t begin, int64_t run) { return begin / 64 + run; }

// Facts about the boxes of a call, found while they are read.
enum Oddity : unsigned { kNotFinite = 1, kNotPositive = 2 };

template <class A>
struct SoftSelector {
  SoftRuns<A> runs;
  SoftSettings<A> settings;
  bool are_near;  // parts are of boxes near each other
  Keepers keepers;
  SoftNumber<A> least_share;
  const unsigned* oddities;
  unsigned long long* total;  // selected in all runs

  using Key = typename SoftRuns<A>::Key;
  struct Shared {
    // What each warp tells, in turns: a warp may be reading while another goes on.
    Key key[2][kMostWarps];
    uint32_t slot[2][kMostWarps];
    uint32_t notes[2][kMostWarps];
    uint64_t first[kMostWarps];
    uint32_t dropped;
    SoftPositions positions;
  };

  template <class Crew>
  OPSBRIDGE_MEMBER void operator()(const Crew& crew, Shared& shared, int64_t run) const;
};

template <class A, class Crew>
class CrewSelection {
  using Number = SoftNumber<A>;
  using Key = typename SoftRuns<A>::Key;
  using Corners = typename SoftRuns<A>::Corners;
  using Shared = typename SoftSelector<A>::Shared;

  static constexpr uint32_t kSeveral = 0xffffffffu;  // in the place of one slot
  static constexpr uint32_t kSawNan = 0x80000000u;

  struct Best {
    Key key;
    uint32_t slot;
  };

  struct Winner {
    Box<A> box;
    Number least_shared;
    uint32_t slot;
  };

 public:
  OPSBRIDGE_MEMBER CrewSelection(const SoftSelector<A>& call, const Crew& crew, Shared& shared,
                                 int64_t run)
      : call_(call), runs_(call.runs), crew_(crew), shared_(shared) {
    begin_ = runs_.begins[run];
    size_ = runs_.begins[run + 1] - begin_;
    parts_ = (size_ + kSoftPart - 1) / kSoftPart;
    warps_ = smaller(uint32_t(crew.warps()), parts_);
    parts_of_warp_ = (parts_ + warps_ - 1) / warps_;
    summaries_ = first_part(begin_, run) + int64_t(crew.warp()) * parts_of_warp_;
    const unsigned oddities = *call.oddities;
    prunes_ = call.are_near && keeps_what_it_does_not_meet(call.keepers, !(oddities & kNotFinite),
                                                           !(oddities & kNotPositive));
    if (!is_first()) return;
    shared.dropped = 0;
    const SoftPositions& p = runs_.positions;
    shared.positions = {p.selected + begin_,
                        p.dropped + begin_,
                        p.dropped_by + begin_,
                        false,
                        0,
                        size_,
                        p.position + begin_,
                        p.candidate + begin_,
                        p.is_dropped + first_word(begin_, run)};
  }

  // The number of boxes that are selected.
  OPSBRIDGE_MEMBER uint32_t run() {
    Best own = look(
        false, [](uint32_t, int64_t, Key) { return true; },
        [&](uint32_t part, int64_t at) { return summarize(part, at); });
    const bool checks = call_.settings.rule.first_box == FirstBox::checked;
    for (uint32_t step = 0;; ++step) {
      Best best = best_of_all(own, step);
      if (best.key == kGoneKey) return step;
      if (saw_nan_ || best.slot == kSeveral) best = first_of(best.key, step);
      if (checks && is_low(best.key)) return step;
      own = lower_others(winner_at(best.slot), step);
    }
  }

 private:
  OPSBRIDGE_MEMBER bool is_first() const { return crew_.warp() == 0 && crew_.lane() == 0; }
  OPSBRIDGE_MEMBER BoxOffset offset() const { return call_.settings.rule.box_offset; }
  OPSBRIDGE_MEMBER bool skips() const {
    return call_.settings.rule.disjoint_box == DisjointBox::skipped;
  }

  OPSBRIDGE_MEMBER Box<A> box_at(const Corners& from, int64_t at) const {
    return Box<A>{A(from.x1[at]), A(from.y1[at]), A(from.x2[at]), A(from.y2[at]), A(0)};
  }

  OPSBRIDGE_MEMBER static void include(Best& best, const Best& other) {
    if (other.key > best.key) {
      best = other;
    } else if (other.key == best.key) {
      best.slot = kSeveral;
    }
  }

  OPSBRIDGE_MEMBER Best best_of_warp(const Best& own) const {
    const Key key = crew_.largest(own.key);
    const uint32_t holders = crew_.ballot(own.key == key);
    const uint32_t slot = crew_.of_lane(own.slot, lowest_bit(holders));
    return Best{key, (holders & (holders - 1)) == 0 ? slot : kSeveral};
  }

  // Calls met(part, at, best key) for the parts of the warp, one for each lane, and then, with all
  // lanes, found = look_at(part, at) for those that are. Returns the best of the warp.
  template <class Met, class LookAt>
  OPSBRIDGE_MEMBER Best look(bool is_summarized, const Met& met, const LookAt& look_at) {
    Best best{kGoneKey, kSeveral};
    const uint32_t warp = uint32_t(crew_.warp());
    for (uint32_t first = 0; first < parts_of_warp_; first += uint32_t(crew_.lanes())) {
      const uint32_t own = first + uint32_t(crew_.lane()), part = own * warps_ + warp;
      const int64_t at = summaries_ + own;
      const bool is_mine = warp < warps_ && own < parts_of_warp_ && part < parts_;
      Best found{kGoneKey, kSeveral};
      if (is_mine && is_summarized) found = Best{runs_.best[at], runs_.best_slot[at]};
      const bool is_met = is_mine && met(part, at, found.key);
      for (uint32_t left = crew_.ballot(is_met); left != 0; left &= left - 1) {
        const int lane = lowest_bit(left);
        const uint32_t of_lane = first + uint32_t(lane);
        const Best after = look_at(of_lane * warps_ + warp, summaries_ + of_lane);
        if (lane == crew_.lane()) found = after;
      }
      if (is_met) {
        runs_.best[at] = found.key;
        runs_.best_slot[at] = found.slot;
      }
      include(best, found);
    }
    return best_of_warp(best);
  }

  // Calls see(slot, at) for a slot of the part, one for each lane, or for none; the best of what it
  // returns.
  template <class See>
  OPSBRIDGE_MEMBER Best look_at_slots(uint32_t part, const See& see) {
    Best best{kGoneKey, kSeveral};
    for (uint32_t i = uint32_t(crew_.lane()); i < kSoftPart; i += uint32_t(crew_.lanes())) {
      const uint32_t slot = part * kSoftPart + i;
      const Key key = see(slot < size_, slot, int64_t(begin_) + slot);
      saw_nan_ |= key == kNanKey;
      include(best, Best{key, slot});
    }
    return best_of_warp(best);
  }

  OPSBRIDGE_MEMBER Best summarize(uint32_t part, int64_t summary) {
    Key left = 0, top = 0, right = 0, bottom = 0;  // the outermost, to the left and top inverted
    const Best best = look_at_slots(part, [&](bool is_there, uint32_t, int64_t at) {
      if (!is_there) return Key(kGoneKey);
      if (prunes_) {
        left = larger(left, Key(~ascending_key(runs_.box.x1[at])));
        top = larger(top, Key(~ascending_key(runs_.box.y1[at])));
        right = larger(right, ascending_key(runs_.box.x2[at]));
        bottom = larger(bottom, ascending_key(runs_.box.y2[at]));
      }
      return live_key(runs_.score[at]);
    });
    if (prunes_) {
      const Corners& bounds = runs_.bounds;
      bounds.x1[summary] = number_of_key(Key(~crew_.largest(left)));
      bounds.y1[summary] = number_of_key(Key(~crew_.largest(top)));
      bounds.x2[summary] = number_of_key(crew_.largest(right));
      bounds.y2[summary] = number_of_key(crew_.largest(bottom));
    }
    return best;
  }

  // What all warps have found. Notes what has happened in the step before.
  OPSBRIDGE_MEMBER Best best_of_all(const Best& own, uint32_t step) {
    const int turn = int(step % 2), lane = crew_.lane();
    const bool saw_nan = crew_.ballot(saw_nan_) != 0;
    if (lane == 0) {
      shared_.key[turn][crew_.warp()] = own.key;
      shared_.slot[turn][crew_.warp()] = own.slot;
      shared_.notes[turn][crew_.warp()] = dropped_ | (saw_nan ? kSawNan : 0);
    }
    crew_.wait_for_all();
    const bool is_warp = lane < crew_.warps();
    const uint32_t notes = is_warp ? shared_.notes[turn][lane] : 0;
    saw_nan_ = crew_.ballot((notes & kSawNan) != 0) != 0;
    if (crew_.warp() == 0) {
      const uint32_t dropped = crew_.sum(notes & ~kSawNan);
      if (lane == 0 && step > 0) shared_.positions.dropped_by[step - 1] = dropped;
    }
    const Key key = is_warp ? shared_.key[turn][lane] : Key(kGoneKey);
    return best_of_warp(Best{key, is_warp ? shared_.slot[turn][lane] : kSeveral});
  }

  // Where the frameworks come to this score first. A NaN where they begin stays the best: nothing
  // compares with it. (Position, whether it is NaN, and slot are one number.)
  OPSBRIDGE_MEMBER Best first_of(Key key, uint32_t step) {
    if (is_first()) follow(shared_.positions, step);
    crew_.wait_for_all();
    uint64_t first = ~uint64_t(0);
    look(
        true, [&](uint32_t, int64_t, Key best) { return saw_nan_ || best == key; },
        [&](uint32_t part, int64_t) {
          return look_at_slots(part, [&](bool is_there, uint32_t slot, int64_t at) {
            if (!is_there) return Key(kGoneKey);
            const Key own = live_key(runs_.score[at]);
            const uint32_t position = shared_.positions.position[runs_.number[at]];
            const bool is_nan = own == kNanKey;
            if (own == key || (is_nan && position == step)) {
              first = smaller(first, uint64_t(position) << 33 | uint64_t(is_nan) << 32 | slot);
            }
            return own;
          });
        });
    first = ~crew_.largest(~first);
    if (crew_.lane() == 0) shared_.first[crew_.warp()] = first;
    crew_.wait_for_all();
    first = crew_.lane() < crew_.warps() ? shared_.first[crew_.lane()] : ~uint64_t(0);
    first = ~crew_.largest(~first);
    return Best{(first >> 32 & 1) != 0 ? Key(kNanKey) : key, static_cast<uint32_t>(first)};
  }

  OPSBRIDGE_MEMBER bool is_low(Key key) const {
    return key != kNanKey && A(number_of_key(key)) < call_.settings.min_score;
  }

  OPSBRIDGE_MEMBER Winner winner_at(uint32_t slot) const {
    const int64_t at = int64_t(begin_) + slot;
    Winner winner{box_at(runs_.box, at), 0, slot};
    winner.box.area = A(runs_.area[at]);
    const Number shared = runs_.area[at] * call_.least_share;
    if (shared > Number(kLeastShared)) winner.least_shared = shared;
    return winner;
  }

  // Whether the selected box may lower the score of any in these bounds. Rounding is monotonic:
  // with no box in the bounds it shares more than with the bounds.
  OPSBRIDGE_MEMBER bool may_meet(const Winner& winner, const Box<A>& bounds) const {
    if (skips()) return overlaps(winner.box, bounds, offset());
    return Number(intersection(winner.box, bounds, offset())) > winner.least_shared;
  }

  // A box that none meets is dropped for its own low score by the first selection, which looks at
  // all of them. Later ones find it unchanged, hence high enough.
  OPSBRIDGE_MEMBER Best lower_others(const Winner& winner, uint32_t step) {
    const bool looks_at_all = !prunes_ || (step == 0 && !skips());
    const uint32_t own_part = winner.slot / kSoftPart;
    return look(
        true,
        [&](uint32_t part, int64_t at, Key best) {
          if (part == own_part) return true;
          if (best == kGoneKey) return false;
          return looks_at_all || may_meet(winner, box_at(runs_.bounds, at));
        },
        [&](uint32_t part, int64_t) {
          return look_at_slots(part, [&](bool is_there, uint32_t slot, int64_t at) {
            Number score = is_there ? runs_.score[at] : gone(Number());
            const bool was_there = !is_gone(score);
            if (slot == winner.slot) {
              select(at, score, step);
              score = gone(score);
            } else if (was_there) {
              score = lowered(winner, at, score);
            }
            if (was_there) runs_.score[at] = score;
            note_dropped(was_there && is_gone(score) && slot != winner.slot, at);
            return live_key(score);
          });
        });
  }

  OPSBRIDGE_MEMBER void select(int64_t at, Number score, uint32_t step) const {
    shared_.positions.selected[step] = runs_.number[at];
    runs_.selected_score[int64_t(begin_) + step] = score;
  }

  // What is left of a score.
  OPSBRIDGE_MEMBER Number lowered(const Winner& winner, int64_t at, Number score) const {
    Box<A> other = box_at(runs_.box, at);
    if (skips() && !overlaps(winner.box, other, offset())) return score;
    other.area = A(runs_.area[at]);
    const A overlap = overlap_of(winner.box, other, offset());
    const A left = soft_weight(overlap, call_.settings) * A(score);
    return left < call_.settings.min_score ? gone(score) : live_score(Number(left));
  }

  OPSBRIDGE_MEMBER void note_dropped(bool is_dropped, int64_t at) {
    const uint32_t dropped = crew_.ballot(is_dropped);
    if (dropped == 0) return;
    const uint32_t count = count_of_bits(dropped);
    const uint32_t place = crew_.reserve(&shared_.dropped, count);
    const uint32_t before = dropped & ((1u << crew_.lane()) - 1);
    if (is_dropped) shared_.positions.dropped[place + count_of_bits(before)] = runs_.number[at];
    dropped_ += count;
  }

  const SoftSelector<A>& call_;
  const SoftRuns<A>& runs_;
  const Crew& crew_;
  Shared& shared_;
  uint32_t begin_, size_, parts_;
  uint32_t warps_, parts_of_warp_;  // warps that have any
  int64_t summaries_;
  uint32_t dropped_ = 0;  // by the warp
  bool prunes_;
  bool saw_nan_ = false;
};

template <class A>
template <class Crew>
OPSBRIDGE_MEMBER void SoftSelector<A>::operator()(const Crew& crew, Shared& shared,
                                                  int64_t run) const {
  if (run >= *runs.count) return;
  const uint32_t selected = CrewSelection<A, Crew>(*this, crew, shared, run).run();
  if (crew.warp() != 0 || crew.lane() != 0) return;
  runs.selected[run] = selected;
  add_to_word(total, selected);
}

}  // namespace opsbridge
