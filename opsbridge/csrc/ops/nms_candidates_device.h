// The boxes of a call as the kernels of a GPU see them: keys to rank them by, and, by rank,
// corners, groups and states. Included by ops/nms_cuda.cu only.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "ops/nms.h"
#include "ops/nms_host.h"
#include "ops/radix_order.h"
#include "ops/scored_boxes.h"

namespace opsbridge {

// Once all are decided the states are flags of kept boxes.
enum State : uint8_t { kDropped, kKept, kUndecided };

template <class T>
OPSBRIDGE_FN T score_of(const NmsCall& call, int64_t row) {
  return call.score_column < 0 ? read<T>(call.scores, row)
                               : read<T>(call.scores, row, call.score_column);
}

// Keys of all rows; those that are no candidates have the last one, which no score has.
template <class T, class Key>
struct MakeKeys {
  NmsCall call;
  Key* keys;
  uint32_t* rows;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const T score = score_of<T>(call, row);
    if (call.rule.nan_score == NanScore::refuse && is_nan(score)) refuse(row, NmsError::nan_score);
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
  }

  // A NaN score anywhere comes before a NaN group, as on the CPU.
  OPSBRIDGE_MEMBER void refuse(int64_t row, NmsError reason) const {
    const unsigned long long later = reason == NmsError::nan_group ? kToldLater : 0;
    lower_word(&report->refused,
               later + static_cast<unsigned long long>(row * 16 + static_cast<int64_t>(reason)));
  }
};

// The largest coordinate of all boxes as a key; NaN has the largest of all. A block looks at
// kRows rows and changes the word once.
template <class T>
struct FindLargest {
  static constexpr int64_t kRows = 4 * kThreadsPerBlock;
  struct Shared {
    unsigned long long keys[kThreadsPerBlock];
  };
  BoxRows rows;
  Layout layout;
  unsigned long long* largest;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t part) const {
    block.each([&](int thread) {
      unsigned long long key = 0;
      const int64_t end = (part + 1) * kRows < rows.count() ? (part + 1) * kRows : rows.count();
      for (int64_t row = part * kRows + thread; row < end; row += kThreadsPerBlock) {
        raise(key, key_of(row));
      }
      shared.keys[thread] = key;
    });
    block.each([&](int thread) {
      if (thread >= kWarpSize) return;
      for (int i = thread + kWarpSize; i < kThreadsPerBlock; i += kWarpSize) {
        raise(shared.keys[thread], shared.keys[i]);
      }
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      for (int i = 1; i < kWarpSize; ++i) raise(shared.keys[0], shared.keys[i]);
      raise_word(largest, shared.keys[0]);
    });
  }

  OPSBRIDGE_MEMBER static void raise(unsigned long long& key, unsigned long long other) {
    if (other > key) key = other;
  }
  OPSBRIDGE_MEMBER unsigned long long key_of(int64_t row) const {
    const Box<T> box = corners_as_given<T>(rows, row, layout);
    const T corners[4] = {box.x1, box.y1, box.x2, box.y2};
    unsigned long long key = 0;
    for (int i = 0; i < 4; ++i) {
      const double value = static_cast<double>(corners[i]);
      raise(key, is_nan(value) ? ~0ull : ascending_key(value));
    }
    return key;
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

OPSBRIDGE_FN uint64_t group_key(const BoxRows& rows, int64_t row) {
  return rows.groups.dtype == Dtype::int64 ? ascending_key(read<int64_t>(rows.groups, row))
                                           : ascending_key(read<double>(rows.groups, row));
}

// By rank; all groups are one where there are no keys of groups.
template <class A>
struct Candidates {
  Box<A>* boxes;
  uint64_t* groups;
  uint8_t* states;
  int64_t count;
  double threshold;
  NmsRule rule;
  bool disjoint_boxes_stay;

  OPSBRIDGE_MEMBER uint64_t group(int64_t rank) const {
    return groups == nullptr ? 0 : groups[rank];
  }

  OPSBRIDGE_MEMBER static bool are_apart(const Box<A>& a, const Box<A>& b) {
    return a.x2 <= b.x1 || b.x2 <= a.x1 || a.y2 <= b.y1 || b.y2 <= a.y1;
  }

  // Whether a kept box drops another one of its group.
  OPSBRIDGE_MEMBER bool drops(const Box<A>& kept, const Box<A>& other) const {
    // Most pairs are disjoint, and need no division; most of those do not even touch, and need no
    // arithmetic.
    if (disjoint_boxes_stay) {
      if (rule.box_offset == BoxOffset::zero && are_apart(kept, other)) return false;
      if (!(intersection(kept, other, rule.box_offset) > A(0))) return false;
    }
    return suppresses(kept, other, threshold, rule);
  }
};

// Without an overlap the quotient is zero or NaN, whatever the union is.
OPSBRIDGE_FN bool do_disjoint_boxes_stay(const NmsRule& rule, double threshold) {
  if (rule.guard == Guard::positive_areas) return true;
  if (rule.nan_overlap != NanOverlap::keep) return false;
  return (rule.comparison == Comparison::greater && threshold >= 0) ||
         (rule.comparison == Comparison::greater_equal && threshold > 0);
}

template <class T, class A, class Key>
struct ReadBoxes {
  BoxRows rows;
  BoxReading<T> reading;
  const unsigned long long* largest;
  const Key* keys;
  const uint32_t* ranked;  // rows
  int64_t most;            // candidates; negative: all
  Candidates<A> to;

  OPSBRIDGE_MEMBER void operator()(int64_t rank) const {
    BoxReading<T> own = reading;
    if (own.is_shifted) own.step = step_of_key<T>(*largest);
    const int64_t row = ranked[rank];
    to.boxes[rank] = box_of<T, A>(rows, row, own);
    if (to.groups != nullptr) to.groups[rank] = group_key(rows, row);
    const bool is_candidate = keys[rank] != Key(~Key(0)) && (most < 0 || rank < most);
    to.states[rank] = is_candidate ? kUndecided : kDropped;
  }
};

}  // namespace opsbridge
