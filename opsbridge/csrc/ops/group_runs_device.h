// Rows of a call by group, in device memory: how far groups are moved apart, and their runs.
#pragma once

#include "cuda/executor.h"
#include "cuda/ordering.h"
#include "cuda/report.h"
#include "ops/grouped_rows.h"
#include "ops/radix_order.h"
#include "ops/scored_boxes.h"

namespace opsbridge {

struct RefuseNanGroup {
  BoxRows rows;
  Report* report;
  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    if (!is_nan(read<double>(rows.groups, row))) return;
    const int64_t reason = static_cast<int64_t>(NmsError::nan_group);
    lower_word(&report->refused, static_cast<unsigned long long>(row * 16 + reason));
  }
};

// The largest coordinate as a key; NaN has the largest of all.
template <class T>
struct FindLargestCorner {
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

// What separates two groups.
template <class T>
OPSBRIDGE_FN T shift_step(unsigned long long largest) {
  if (largest == ~0ull) return static_cast<T>(float_of_bits(0x7fc00000));
  const uint64_t bits = (largest >> 63) != 0 ? largest ^ 0x8000000000000000u : ~largest;
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return static_cast<T>(value) + T(1);
}

// Rows sorted by group, those of one group in order; or all rows as one run, where places are rows.
struct GroupRuns {
  bool is_one;
  const uint32_t* rows;    // by place
  const uint32_t* run_of;  // by place
  uint32_t* count;         // of runs
  uint32_t* begins;        // of each, and the end of the last

  OPSBRIDGE_MEMBER int64_t row_at(int64_t place) const {
    return is_one ? place : int64_t(rows[place]);
  }
  OPSBRIDGE_MEMBER uint32_t run_at(int64_t place) const { return is_one ? 0 : run_of[place]; }
};

struct OneRun {
  GroupRuns runs;
  uint32_t end;
  OPSBRIDGE_MEMBER void operator()(int64_t) const {
    *runs.count = 1;
    runs.begins[0] = 0;
    runs.begins[1] = end;
  }
};

struct KeyByGroup {
  BoxRows boxes;
  uint64_t* keys;
  uint32_t* rows;
  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    keys[row] = boxes.groups.dtype == Dtype::int64 ? ascending_key(read<int64_t>(boxes.groups, row))
                                                   : ascending_key(read<double>(boxes.groups, row));
    rows[row] = static_cast<uint32_t>(row);
  }
};

struct MarkBegins {
  const uint64_t* keys;
  uint8_t* begins_here;
  OPSBRIDGE_MEMBER void operator()(int64_t place) const {
    begins_here[place] = place == 0 || keys[place] != keys[place - 1];
  }
};

struct NumberRuns {
  const uint8_t* begins_here;
  const uint32_t* begun_before;
  uint32_t* run_of;
  GroupRuns runs;
  int64_t places;
  OPSBRIDGE_MEMBER void operator()(int64_t place) const {
    const uint32_t begun = begun_before[place] + begins_here[place];
    run_of[place] = begun - 1;
    if (begins_here[place] != 0) runs.begins[begun - 1] = static_cast<uint32_t>(place);
    if (place + 1 < places) return;
    *runs.count = begun;
    runs.begins[begun] = static_cast<uint32_t>(places);
  }
};

// The runs of a call whose groups are told apart exactly, or one run.
inline GroupRuns runs_on_device(const Executor& on, Workspace& workspace, const BoxRows& boxes,
                                bool is_exact) {
  const int64_t count = boxes.count();
  const bool is_counting = workspace.is_counting();
  uint32_t* run_count = workspace.take<uint32_t>(1);
  uint32_t* run_begins = workspace.take<uint32_t>((is_exact ? count : 1) + 1);
  GroupRuns runs{!is_exact, nullptr, nullptr, run_count, run_begins};
  if (!is_exact) {
    if (!is_counting) on.each(1, OneRun{runs, static_cast<uint32_t>(count)});
    return runs;
  }
  Buffers<uint64_t> keys = take_buffers<uint64_t>(workspace, count);
  Buffers<uint32_t> rows = take_buffers<uint32_t>(workspace, count);
  uint8_t* begins_here = workspace.take<uint8_t>(count);
  uint32_t* begun_before = workspace.take<uint32_t>(count);
  uint32_t* run_of = workspace.take<uint32_t>(count);
  if (!is_counting) on.each(count, KeyByGroup{boxes, keys.current, rows.current});
  sort_pairs(on, workspace, keys, rows, count);
  if (!is_counting) on.each(count, MarkBegins{keys.current, begins_here});
  sum_before(on, workspace, begins_here, begun_before, count);
  runs.rows = rows.current;
  runs.run_of = run_of;
  if (!is_counting) {
    on.each(count, NumberRuns{begins_here, begun_before, run_of, runs, count});
  }
  return runs;
}

}  // namespace opsbridge
