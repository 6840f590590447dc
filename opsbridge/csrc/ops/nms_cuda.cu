// Greedy suppression without a mask of pairs. Boxes are ranked, and every box looks at those before
// it: at the first kept one that suppresses it, it is dropped. It has to wait only for boxes that
// suppress it and are not decided themselves, so nearly all of them are decided at once, whatever
// the group or the image; the result is that of the sequence, since each decision is.
#include "cuda/ordering.h"
#include "ops/nms.h"
#include "ops/nms_device.h"
#include "ops/radix_order.h"
#include "ops/scored_boxes.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

enum State : uint8_t { kUndecided, kKept, kDropped };

template <class T>
OPSBRIDGE_FN T score_of(const NmsCall& call, int64_t row) {
  return call.score_column < 0 ? read<T>(call.scores, row)
                               : read<T>(call.scores, row, call.score_column);
}

struct Start {
  Report* report;
  uint32_t* candidates;
  uint32_t rows;
  OPSBRIDGE_MEMBER void operator()(int64_t) const {
    *report = Report{kNothingRefused, 0};
    *candidates = rows;
  }
};

// Keys of all rows; those that are no candidates have the last one.
template <class T, class Key>
struct MakeKeys {
  NmsCall call;
  Key* keys;
  uint32_t* rows;
  uint32_t* candidates;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const T score = score_of<T>(call, row);
    const bool is_refused = call.rule.nan_score == NanScore::refuse && is_nan(score);
    if (is_refused) refuse(row, NmsError::nan_score);
    if (is_present(call.rows.groups) && call.rows.groups.dtype == Dtype::float64 &&
        is_nan(read<double>(call.rows.groups, row))) {
      refuse(row, NmsError::nan_group);
    }
    const bool is_candidate =
        (is_nan(call.score_threshold) || static_cast<double>(score) > call.score_threshold) &&
        !(call.rule.nan_score == NanScore::drop && is_nan(score));
    const Key key = call.rule.order == Order::given ? Key(0) : descending_key(score);
    keys[row] = is_candidate ? key : Key(~Key(0));
    rows[row] = static_cast<uint32_t>(row);
    if (!is_candidate) subtract_one(candidates);
  }

  // A NaN score anywhere comes before a NaN group, as on the CPU.
  OPSBRIDGE_MEMBER void refuse(int64_t row, NmsError reason) const {
    const unsigned long long later = reason == NmsError::nan_group ? kToldLater : 0;
    lower_word(&report->refused,
               later + static_cast<unsigned long long>(row * 16 + static_cast<int64_t>(reason)));
  }
};

struct CutCandidates {
  uint32_t* candidates;
  int64_t most;
  OPSBRIDGE_MEMBER void operator()(int64_t) const {
    if (most >= 0 && most < *candidates) *candidates = static_cast<uint32_t>(most);
  }
};

// The largest coordinate as a key; NaN has the largest of all.
template <class T>
struct FindLargest {
  BoxRows rows;
  Layout layout;
  unsigned long long* largest;
  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const Box<T> box = corners_as_given<T>(rows, row, layout);
    const T corners[4] = {box.x1, box.y1, box.x2, box.y2};
    unsigned long long key = 0;
    for (int i = 0; i < 4; ++i) {
      const double value = static_cast<double>(corners[i]);
      const unsigned long long own = is_nan(value) ? ~0ull : ascending_key(value);
      key = own > key ? own : key;
    }
    raise_word(largest, key);
  }
};

template <class T>
OPSBRIDGE_FN T step_of_key(unsigned long long key) {
  if (key == ~0ull) return static_cast<T>(float_of_bits(0x7fc00000));
  const uint64_t bits = (key >> 63) != 0 ? key ^ 0x8000000000000000u : ~key;
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return static_cast<T>(value) + T(1);
}

struct MakeGroupKeys {
  BoxRows rows;
  const uint32_t* ranked;
  const uint32_t* candidates;
  uint64_t* keys;
  uint32_t* ranks;
  OPSBRIDGE_MEMBER void operator()(int64_t rank) const {
    const int64_t row = ranked[rank];
    const uint64_t key = rows.groups.dtype == Dtype::int64
                             ? ascending_key(read<int64_t>(rows.groups, row))
                             : ascending_key(read<double>(rows.groups, row));
    keys[rank] = rank < *candidates ? key : ~uint64_t(0);
    ranks[rank] = static_cast<uint32_t>(rank);
  }
};

// The candidates in the order in which they are decided: by group, then by rank.
struct Sequence {
  const uint32_t* ranked;  // rows by rank
  const uint32_t* ranks;   // by place; null: the rank is the place
  const uint64_t* groups;  // keys by place; null: one group
  const uint32_t* candidates;

  OPSBRIDGE_MEMBER int64_t rank_of(int64_t place) const {
    return ranks == nullptr ? place : int64_t(ranks[place]);
  }
  // The first place of the group of a place.
  OPSBRIDGE_MEMBER uint32_t first_of_group(int64_t place) const {
    if (groups == nullptr) return 0;
    int64_t low = 0, high = place;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (groups[middle] < groups[place]) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return static_cast<uint32_t>(low);
  }
};

template <class T, class A>
struct ReadBoxes {
  BoxRows rows;
  BoxReading<T> reading;
  const unsigned long long* largest;
  Sequence sequence;
  Box<A>* boxes;
  uint32_t* firsts;
  OPSBRIDGE_MEMBER void operator()(int64_t place) const {
    if (place >= *sequence.candidates) return;
    BoxReading<T> own = reading;
    if (own.is_shifted) own.step = step_of_key<T>(*largest);
    boxes[place] = box_of<T, A>(rows, sequence.ranked[sequence.rank_of(place)], own);
    firsts[place] = sequence.first_of_group(place);
  }
};

template <class A>
struct Decide {
  const Box<A>* boxes;
  const uint32_t* firsts;
  const uint32_t* candidates;
  volatile uint8_t* states;
  double threshold;
  NmsRule rule;
  bool disjoint_boxes_stay;

  OPSBRIDGE_MEMBER bool drops(const Box<A>& other, const Box<A>& own) const {
    // Most pairs are disjoint, and need no division.
    if (disjoint_boxes_stay && !(intersection(other, own, rule.box_offset) > A(0))) return false;
    return suppresses(other, own, threshold, rule);
  }

  template <class Team>
  OPSBRIDGE_MEMBER void operator()(const Team& team, int64_t place) const {
    if (place >= *candidates) return;
    const Box<A> own = boxes[place];
    uint8_t state = kKept;
    for (int64_t first = firsts[place]; first < place && state == kKept; first += team.size()) {
      const int64_t other = first + team.lane();
      const bool hits = other < place && states[other] != kDropped && drops(boxes[other], own);
      for (unsigned left = team.ballot(hits); left != 0 && state == kKept; left &= left - 1) {
        int64_t hit = first;
        while (((left >> (hit - first)) & 1) == 0) ++hit;
        uint8_t of_hit = kUndecided;
        while (of_hit == kUndecided) of_hit = states[hit];
        if (of_hit == kKept) state = kDropped;
      }
    }
    if (team.lane() == 0) states[place] = state;
  }
};

struct MarkByRank {
  Sequence sequence;
  const uint8_t* states;
  uint32_t* is_kept;
  OPSBRIDGE_MEMBER void operator()(int64_t place) const {
    const bool is_candidate = place < *sequence.candidates;
    is_kept[is_candidate ? sequence.rank_of(place) : place] =
        is_candidate && states[place] == kKept;
  }
};

OPSBRIDGE_FN void store_number(const TensorView& out, int64_t i, int64_t value) {
  const int64_t at = i * out.strides[0];
  if (out.dtype == Dtype::int64) {
    static_cast<int64_t*>(out.data)[at] = value;
  } else if (out.dtype == Dtype::int32) {
    static_cast<int32_t*>(out.data)[at] = static_cast<int32_t>(value);
  } else {
    static_cast<uint8_t*>(out.data)[at] = static_cast<uint8_t>(value);
  }
}

template <class T>
OPSBRIDGE_FN void store_scored_box(const TensorView& out, int64_t i, const NmsCall& call,
                                   int64_t row) {
  T* to = static_cast<T*>(out.data) + i * out.strides[0];
  for (int64_t j = 0; j < 4; ++j) to[j * out.strides[1]] = coordinate_of<T>(call.rows, row, j);
  to[4 * out.strides[1]] = score_of<T>(call, row);
}

// What has a place for every box, in the order of the ranks; `by_row` is for kept rows in the order
// of the input.
template <class T>
struct WriteByRank {
  NmsCall call;
  const uint32_t* ranked;
  const uint32_t* is_kept;
  const uint32_t* kept_before;
  uint32_t* by_row;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t rank) const {
    const int64_t row = ranked[rank], place = kept_before[rank];
    const bool stays = is_kept[rank] && (call.max_outputs < 0 || place < call.max_outputs);
    if (is_present(call.keep_mask)) store_number(call.keep_mask, row, stays);
    if (is_present(call.sorted_keep_mask)) store_number(call.sorted_keep_mask, rank, stays);
    if (is_present(call.sorted_positions)) store_number(call.sorted_positions, rank, rank);
    if (is_present(call.sorted_boxes)) store_scored_box<T>(call.sorted_boxes, rank, call, row);
    if (by_row != nullptr) {
      by_row[row] = stays;
    } else if (stays) {
      write_kept(place, row);
    }
    if (rank + 1 == call.rows.count()) {
      const int64_t kept = place + is_kept[rank];
      const bool is_cut = call.max_outputs >= 0 && call.max_outputs < kept;
      report->count = static_cast<unsigned long long>(is_cut ? call.max_outputs : kept);
    }
  }

  OPSBRIDGE_MEMBER void write_kept(int64_t place, int64_t row) const {
    if (is_present(call.keep)) store_number(call.keep, place, row);
    if (is_present(call.kept_boxes)) store_scored_box<T>(call.kept_boxes, place, call, row);
  }
};

template <class T>
struct WriteByRow {
  WriteByRank<T> by_rank;
  const uint32_t* kept_before;
  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    if (by_rank.by_row[row]) by_rank.write_kept(kept_before[row], row);
  }
};

// The rest of a result of fixed size.
struct PadKept {
  TensorView keep;
  OPSBRIDGE_MEMBER void operator()(int64_t i) const { store_number(keep, i, -1); }
};

template <class T, class A>
void decide(const Executor& on, Workspace& workspace, const NmsCall& call, Grouping grouping,
            const Sequence& sequence, const unsigned long long* largest, uint32_t* is_kept) {
  const int64_t count = call.rows.count();
  Box<A>* boxes = workspace.take<Box<A>>(count);
  uint32_t* firsts = workspace.take<uint32_t>(count);
  uint8_t* states = workspace.take<uint8_t>(count);
  unsigned long long* drawn = workspace.take<unsigned long long>(1);
  if (workspace.is_counting()) return;
  const NmsRule& rule = call.rule;
  const BoxReading<T> reading{rule.layout, rule.corner_order, rule.box_offset, grouping.is_shifted,
                              T(0)};
  on.each(count, ReadBoxes<T, A>{call.rows, reading, largest, sequence, boxes, firsts});
  on.fill_bytes(states, kUndecided, count);
  on.fill_bytes(drawn, 0, sizeof *drawn);
  const double threshold = held_threshold<T>(call.iou_threshold, rule.threshold_type);
  const bool disjoint_boxes_stay = threshold >= 0 && rule.comparison == Comparison::greater &&
                                   rule.nan_overlap == NanOverlap::keep;
  on.each_in_order(
      count, drawn,
      Decide<A>{boxes, firsts, sequence.candidates, states, threshold, rule, disjoint_boxes_stay});
  on.each(count, MarkByRank{sequence, states, is_kept});
}

template <class T>
void run(const Executor& on, Workspace& workspace, Report* report, const NmsCall& call) {
  using Key = typename ScoreKey<T>::type;
  const int64_t count = call.rows.count();
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, call.rule);
  uint32_t* candidates = workspace.take<uint32_t>(1);
  unsigned long long* largest = workspace.take<unsigned long long>(1);
  Buffers<Key> keys = take_buffers<Key>(workspace, count);
  Buffers<uint32_t> rows = take_buffers<uint32_t>(workspace, count);
  const bool is_counting = workspace.is_counting();
  if (!is_counting) {
    on.each(1, Start{report, candidates, static_cast<uint32_t>(count)});
    if (is_present(call.keep)) on.each(call.keep.shape[0], PadKept{call.keep});
    on.each(count, MakeKeys<T, Key>{call, keys.current, rows.current, candidates, report});
    on.each(1, CutCandidates{candidates, call.pre_top_k});
    on.fill_bytes(largest, 0, sizeof *largest);
    if (grouping.is_shifted) {
      on.each(count, FindLargest<T>{call.rows, call.rule.layout, largest});
    }
  }
  sort_pairs(on, workspace, keys, rows, count);
  Sequence sequence{rows.current, nullptr, nullptr, candidates};
  if (grouping.is_exact) {
    Buffers<uint64_t> groups = take_buffers<uint64_t>(workspace, count);
    Buffers<uint32_t> ranks = take_buffers<uint32_t>(workspace, count);
    if (!is_counting) {
      on.each(count,
              MakeGroupKeys{call.rows, rows.current, candidates, groups.current, ranks.current});
    }
    sort_pairs(on, workspace, groups, ranks, count);
    sequence.groups = groups.current;
    sequence.ranks = ranks.current;
  }
  uint32_t* is_kept = workspace.take<uint32_t>(count);
  uint32_t* kept_before = workspace.take<uint32_t>(count);
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      decide<T, float>(on, workspace, call, grouping, sequence, largest, is_kept);
      break;
    case Accumulate::float64:
      decide<T, double>(on, workspace, call, grouping, sequence, largest, is_kept);
      break;
    default:
      decide<T, T>(on, workspace, call, grouping, sequence, largest, is_kept);
  }
  sum_before(on, workspace, is_kept, kept_before, count);
  const bool is_by_row = call.rule.kept_order == KeptOrder::index;
  uint32_t* by_row = is_by_row ? workspace.take<uint32_t>(count) : nullptr;
  const WriteByRank<T> write{call, rows.current, is_kept, kept_before, by_row, report};
  if (!is_counting) on.each(count, write);
  if (!is_by_row) return;
  uint32_t* rows_before = workspace.take<uint32_t>(count);
  sum_before(on, workspace, by_row, rows_before, count);
  if (!is_counting) on.each(count, WriteByRow<T>{write, rows_before});
}

}  // namespace

void nms_on_device(const Executor& on, Workspace& workspace, Report* report, const NmsCall& call) {
  if (call.rows.count() >= int64_t(0xffffffff)) {
    throw std::length_error("nms takes fewer than 2**32 - 1 boxes");
  }
  with_floating_type(call.rows.boxes.dtype,
                     [&](auto zero) { run<decltype(zero)>(on, workspace, report, call); });
}

}  // namespace opsbridge
