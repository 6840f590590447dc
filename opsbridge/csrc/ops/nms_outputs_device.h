// What nms returns, written in device memory. Included by ops/nms_cuda.cu only.
#pragma once

#include "ops/nms_candidates_device.h"

namespace opsbridge {

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

// Everything that has a place for each rank; `by_row` is for kept rows in the order of the input.
template <class T>
struct WriteByRank {
  NmsCall call;
  const uint32_t* ranked;
  const uint8_t* states;
  const uint32_t* kept_before;
  uint8_t* by_row;
  Report* report;

  OPSBRIDGE_MEMBER static int64_t places(const NmsCall& call) {
    const int64_t padded = is_present(call.padded_keep) ? call.padded_keep.shape[0] : 0;
    const int64_t least = is_present(call.kept_count) && padded == 0 ? 1 : padded;
    return larger(call.rows.count(), least);
  }

  OPSBRIDGE_MEMBER int64_t kept_count() const {
    const int64_t count = call.rows.count();
    if (count == 0) return 0;
    const int64_t kept = int64_t(kept_before[count - 1]) + (states[count - 1] == kKept);
    return call.max_outputs >= 0 && call.max_outputs < kept ? call.max_outputs : kept;
  }

  OPSBRIDGE_MEMBER void operator()(int64_t rank) const {
    const int64_t kept = kept_count();
    if (rank == 0) {
      report->count = static_cast<unsigned long long>(kept);
      if (is_present(call.kept_count)) *static_cast<int64_t*>(call.kept_count.data) = kept;
    }
    if (is_present(call.padded_keep) && rank >= kept && rank < call.padded_keep.shape[0]) {
      store_number(call.padded_keep, rank, -1);
    }
    if (rank >= call.rows.count()) return;
    const int64_t row = ranked[rank], place = kept_before[rank];
    const bool stays = states[rank] == kKept && (call.max_outputs < 0 || place < call.max_outputs);
    if (is_present(call.keep_mask)) store_number(call.keep_mask, row, stays);
    if (is_present(call.sorted_keep_mask)) store_number(call.sorted_keep_mask, rank, stays);
    if (is_present(call.sorted_positions)) store_number(call.sorted_positions, rank, rank);
    if (is_present(call.sorted_boxes)) store_scored_box<T>(call.sorted_boxes, rank, call, row);
    if (by_row != nullptr) {
      by_row[row] = stays;
    } else if (stays) {
      write_kept(place, row);
    }
  }

  OPSBRIDGE_MEMBER void write_kept(int64_t place, int64_t row) const {
    if (is_present(call.keep)) store_number(call.keep, place, row);
    if (is_present(call.padded_keep)) store_number(call.padded_keep, place, row);
    if (is_present(call.kept_boxes)) store_scored_box<T>(call.kept_boxes, place, call, row);
  }
};

template <class T>
struct WriteByRow {
  WriteByRank<T> by_rank;
  const uint32_t* kept_before;
  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    if (by_rank.by_row[row] != 0) by_rank.write_kept(kept_before[row], row);
  }
};

}  // namespace opsbridge
