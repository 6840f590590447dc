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

// What is written of each rank, of each kept box, and once.
template <class T>
struct Outputs {
  NmsCall call;
  const uint32_t* ranked;
  Report* report;

  OPSBRIDGE_MEMBER bool stays(bool is_kept, int64_t place) const {
    return is_kept && (call.max_outputs < 0 || place < call.max_outputs);
  }

  OPSBRIDGE_MEMBER int64_t padded() const {
    return is_present(call.padded_keep) ? call.padded_keep.shape[0] : 0;
  }

  OPSBRIDGE_MEMBER void write_rank(int64_t rank, bool stays) const {
    const int64_t row = ranked[rank];
    if (is_present(call.keep_mask)) store_number(call.keep_mask, row, stays);
    if (is_present(call.sorted_keep_mask)) store_number(call.sorted_keep_mask, rank, stays);
    if (is_present(call.sorted_positions)) store_number(call.sorted_positions, rank, rank);
    if (is_present(call.sorted_boxes)) store_scored_box<T>(call.sorted_boxes, rank, call, row);
  }

  OPSBRIDGE_MEMBER void write_kept(int64_t place, int64_t row) const {
    if (is_present(call.keep)) store_number(call.keep, place, row);
    if (is_present(call.padded_keep)) store_number(call.padded_keep, place, row);
    if (is_present(call.kept_boxes)) store_scored_box<T>(call.kept_boxes, place, call, row);
  }

  // Of all kept ones, how many there are; then what is behind them.
  OPSBRIDGE_MEMBER int64_t told(int64_t kept) const {
    return call.max_outputs >= 0 && call.max_outputs < kept ? call.max_outputs : kept;
  }
  OPSBRIDGE_MEMBER void tell(int64_t kept) const {
    tell_count(report, told(kept));
    if (is_present(call.kept_count)) *static_cast<int64_t*>(call.kept_count.data) = told(kept);
  }
  OPSBRIDGE_MEMBER void pad(int64_t place, int64_t kept) const {
    if (place >= told(kept) && place < padded()) store_number(call.padded_keep, place, -1);
  }
};

// A thread per rank, and per padded place. `by_row` is for kept rows in the order of the input.
template <class T>
struct WriteByRank {
  Outputs<T> out;
  const uint8_t* states;
  const uint32_t* kept_before;
  uint8_t* by_row;

  OPSBRIDGE_MEMBER int64_t places() const {
    return larger(out.call.rows.count(), larger(out.padded(), int64_t(1)));
  }

  OPSBRIDGE_MEMBER void operator()(int64_t rank) const {
    const int64_t count = out.call.rows.count();
    const int64_t kept =
        count == 0 ? 0 : int64_t(kept_before[count - 1]) + (states[count - 1] == kKept);
    if (rank == 0) out.tell(kept);
    out.pad(rank, kept);
    if (rank >= count) return;
    const int64_t place = kept_before[rank];
    const bool stays = out.stays(states[rank] == kKept, place);
    out.write_rank(rank, stays);
    if (by_row != nullptr) {
      by_row[out.ranked[rank]] = stays;
    } else if (stays) {
      out.write_kept(place, out.ranked[rank]);
    }
  }
};

template <class T>
struct WriteByRow {
  Outputs<T> out;
  const uint8_t* by_row;
  const uint32_t* kept_before;
  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    if (by_row[row] != 0) out.write_kept(kept_before[row], row);
  }
};

}  // namespace opsbridge
