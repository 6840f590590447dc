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
template <class T>
struct RowKeys {
  using Key = typename ScoreKey<T>::type;
  static constexpr Key kNoCandidate = Key(~Key(0));
  NmsCall call;
  Report* report;

  OPSBRIDGE_MEMBER Key key(int64_t row) const {
    const T score = score_of<T>(call, row);
    const bool is_candidate =
        (is_nan(call.score_threshold) || static_cast<double>(score) > call.score_threshold) &&
        !(call.rule.nan_score == NanScore::drop && is_nan(score));
    const Key key = call.rule.order == Order::given ? Key(0) : descending_key(score);
    return is_candidate ? key : kNoCandidate;
  }

  // A NaN score anywhere comes before a NaN group, as on the CPU.
  OPSBRIDGE_MEMBER void judge(int64_t row) const {
    if (call.rule.nan_score == NanScore::refuse && is_nan(score_of<T>(call, row))) {
      refuse(row, NmsError::nan_score, 0);
    }
    if (is_present(call.rows.groups) && call.rows.groups.dtype == Dtype::float64 &&
        is_nan(read<double>(call.rows.groups, row))) {
      refuse(row, NmsError::nan_group, kToldLater);
    }
  }

  OPSBRIDGE_MEMBER void refuse(int64_t row, NmsError reason, unsigned long long later) const {
    lower_word(&report->refused,
               later + static_cast<unsigned long long>(row * 16 + static_cast<int64_t>(reason)));
  }
};

// Keys and rows for a sort.
template <class T>
struct MakeKeys {
  RowKeys<T> of_rows;
  typename RowKeys<T>::Key* keys;
  uint32_t* rows;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    of_rows.judge(row);
    keys[row] = of_rows.key(row);
    rows[row] = static_cast<uint32_t>(row);
  }
};

// The largest coordinate of parts of the boxes as keys; NaN has the largest of all.
struct LargestOfParts {
  unsigned long long* keys;
  int64_t count;

  static constexpr int64_t kMost = 32, kLeastRows = 4 * kThreadsPerBlock;
  OPSBRIDGE_MEMBER static int64_t parts(int64_t rows) {
    const int64_t parts = (rows + kLeastRows - 1) / kLeastRows;
    return parts < kMost ? parts : kMost;
  }

  OPSBRIDGE_MEMBER unsigned long long of_all() const {
    unsigned long long largest = 0;
    for (int64_t i = 0; i < count; ++i) largest = keys[i] > largest ? keys[i] : largest;
    return largest;
  }
};

template <class T>
struct FindLargest {
  struct Shared {
    unsigned long long keys[kThreadsPerBlock];
  };
  BoxRows rows;
  Layout layout;
  LargestOfParts largest;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t part) const {
    block.each([&](int thread) {
      unsigned long long key = 0;
      const int64_t step = largest.count * kThreadsPerBlock;
      for (int64_t row = part * kThreadsPerBlock + thread; row < rows.count(); row += step) {
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
      largest.keys[part] = shared.keys[0];
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

// Reads boxes to their ranks.
template <class T, class A>
struct ReadBoxes {
  BoxRows rows;
  BoxReading<T> reading;
  LargestOfParts largest;
  int64_t most;  // candidates; negative: all
  Candidates<A> to;
  uint32_t* ranked;  // rows

  OPSBRIDGE_MEMBER void put(int64_t rank, int64_t row, bool may_be_candidate) const {
    BoxReading<T> own = reading;
    if (own.is_shifted) own.step = step_of_key<T>(largest.of_all());
    to.boxes[rank] = box_of<T, A>(rows, row, own);
    if (to.groups != nullptr) to.groups[rank] = group_key(rows, row);
    const bool is_candidate = may_be_candidate && (most < 0 || rank < most);
    to.states[rank] = is_candidate ? kUndecided : kDropped;
    ranked[rank] = static_cast<uint32_t>(row);
  }
};

// After a sort.
template <class T, class A>
struct ReadSortedBoxes {
  ReadBoxes<T, A> boxes;
  const typename RowKeys<T>::Key* keys;
  const uint32_t* rows;

  OPSBRIDGE_MEMBER void operator()(int64_t rank) const {
    boxes.put(rank, rows[rank], keys[rank] != RowKeys<T>::kNoCandidate);
  }
};

// As the source of keys that are placed in order.
template <class T, class A>
struct ReadPlacedBoxes {
  using Key = typename RowKeys<T>::Key;
  RowKeys<T> of_rows;
  ReadBoxes<T, A> boxes;

  OPSBRIDGE_MEMBER Key key(int64_t row) const { return of_rows.key(row); }
  OPSBRIDGE_MEMBER void put(int64_t rank, int64_t row, Key key) const {
    of_rows.judge(row);
    boxes.put(rank, row, key != RowKeys<T>::kNoCandidate);
  }
};

}  // namespace opsbridge
