// One run of candidates: boxes are read in rank order and swept in the way that suits the rule and
// their number. Host only.
#pragma once

#include <cmath>

#include "ops/nms.h"
#include "ops/nms_host.h"
#include "ops/nms_levels.h"
#include "ops/nms_parts.h"
#include "ops/nms_scratch.h"
#include "ops/nms_sweep_levels.h"

namespace opsbridge {

// With these rules a pair is decided by one comparison that is false for NaN.
inline bool is_decided_in_vectors(const NmsCall& call) {
  return call.rule.comparison != Comparison::one_minus &&
         call.rule.nan_overlap == NanOverlap::keep && !(call.threshold_decay < 1) &&
         !is_present(call.matched);
}

// See ops/nms_grid.h. A fused union takes an area from the corners, which a given size can deny.
inline bool may_use_grid(const NmsRule& rule, double threshold) {
  return threshold >= kLowestGridThreshold &&
         (rule.layout != Layout::xywh || rule.union_ == Union::separate);
}

// A number of type H is above the threshold where it is above the next number of its type at or
// below the threshold, and at or above the threshold where it is at or above the next one upwards.
template <class H>
H comparison_bound(double threshold, Comparison comparison) {
  const H near = static_cast<H>(threshold);
  const H infinity = std::numeric_limits<H>::infinity();
  if (comparison == Comparison::greater_equal) {
    return static_cast<double>(near) < threshold ? std::nextafter(near, infinity) : near;
  }
  return static_cast<double>(near) > threshold ? std::nextafter(near, -infinity) : near;
}

template <class H>
BoxArrays<H> take_boxes(Scratch& scratch, uint32_t count) {
  const size_t size = size_t(blocks_of(count)) * kBlock;
  return {scratch.take<H>(size), scratch.take<H>(size), scratch.take<H>(size),
          scratch.take<H>(size), scratch.take<H>(size)};
}

template <class T, class A>
class RunSweeper {
 public:
  RunSweeper(const NmsCall& call, Grouping grouping, int64_t most_kept)
      : call_(call),
        box_at_(call.rows, call.rule.layout, call.rule.corner_order, call.rule.box_offset,
                grouping),
        threshold_(held_threshold<T>(call.iou_threshold, call.rule.threshold_type)),
        most_kept_(most_kept) {
    is_plain_layout_ = call.rule.layout == Layout::xyxy &&
                       call.rule.corner_order == CornerOrder::given && !grouping.is_shifted;
  }

  // Boxes that are read in another order than they lie in miss the caches one by one; read from the
  // first to the last before that, they come in streams.
  void read_ahead() const {
    const TensorView& view = call_.rows.boxes;
    const int64_t step = view.strides[0] * int64_t(sizeof(T));
    if (view.shape[0] < kManyBoxes || step <= 0 || step > kLine) return;
    const char* const first = static_cast<const char*>(view.data);
    for (int64_t at = 0; at < view.shape[0] * step; at += kLine) {
      __builtin_prefetch(first + at, 0, 2);
    }
  }

  // A run without boxes, and the memory for as many.
  SweepRun<A> take_run(Scratch& scratch, uint32_t most) const {
    SweepRun<A> run{};
    run.boxes = take_boxes<Held<A>>(scratch, most);
    run.places = scratch.take<uint32_t>(size_t(blocks_of(most)) * kBlock);
    run.alive = scratch.take<uint16_t>(blocks_of(most));
    run.threshold = threshold_;
    run.bound = comparison_bound<Held<A>>(threshold_, call_.rule.comparison);
    run.rule = call_.rule;
    run.may_stop = may_use_grid(call_.rule, threshold_);
    return run;
  }

  // Writes the places of the kept rows; returns their number. `room` is a run for as many boxes;
  // `suppressor`: see NmsSweep.
  uint32_t operator()(SweepRun<A>& room, const uint32_t* rows, uint32_t count, uint32_t* kept,
                      int64_t* suppressor) const {
    if (count == 0 || most_kept_ == 0) return 0;
    return is_decided_in_vectors(call_) ? sweep_fast(room, rows, count, kept)
                                        : sweep_plainly(rows, count, kept, suppressor);
  }

  // The same for candidates that are in no order yet, but writes the kept rows. What the best part
  // of them drops from the rest is never put in order.
  template <class Key>
  uint32_t operator()(const Unordered<Key>& candidates, uint32_t* kept) const {
    const uint32_t most = most_kept_ < 0
                              ? candidates.count
                              : uint32_t(std::min<int64_t>(most_kept_, candidates.count));
    Scratch scratch;
    Unordered<Key> rest = candidates;
    uint32_t* const ranked = scratch.take<uint32_t>(candidates.count);
    uint32_t count = 0;
    while (rest.count > 0 && count < most) {
      const uint32_t best = rank_best(rest, ranked);
      uint32_t* const places = kept + count;
      Scratch sweeping;
      SweepRun<A> run = take_run(sweeping, best);
      open(run, ranked, best, places);
      run.behind = rest.count;
      run.most_kept = most - count;
      OPSBRIDGE_AT_LEVEL(sweep_best_first(run));
      if (run.count > 0) {
        // So few are dropped that all have to be ordered.
        rank_all(rest, ranked + best);
        read_ahead();
        run = take_run(sweeping, best + rest.count);
        open(run, ranked, best + rest.count, places);
        run.most_kept = most - count;
        rest.count = 0;
        sweep_rest(run);
      }
      for (uint32_t i = 0; i < run.kept_count; ++i) places[i] = ranked[places[i]];
      if (rest.count > 0) drop_suppressed(places, run.kept_count, rest);
      count += run.kept_count;
    }
    return count;
  }

 private:
  template <class Key>
  void drop_suppressed(const uint32_t* kept, uint32_t count, Unordered<Key>& rest) const {
    Scratch scratch;
    const BoxArrays<Held<A>> boxes = take_boxes<Held<A>>(scratch, count);
    gather(kept, count, boxes);
    SweepRun<A> run = take_run(scratch, rest.count);
    open(run, rest.rows, rest.count, nullptr);
    OPSBRIDGE_AT_LEVEL(drop_suppressed_by(run, boxes, count));
    for (uint32_t i = 0; i < run.count; ++i) {
      rest.rows[i] = rest.rows[run.places[i]];
      rest.keys[i] = rest.keys[run.places[i]];
    }
    rest.count = run.count;
  }

  template <class H>
  void put(const BoxArrays<H>& boxes, uint32_t i, const Box<A>& box) const {
    boxes.x1[i] = static_cast<H>(box.x1);
    boxes.y1[i] = static_cast<H>(box.y1);
    boxes.x2[i] = static_cast<H>(box.x2);
    boxes.y2[i] = static_cast<H>(box.y2);
    boxes.area[i] = static_cast<H>(box.area);
  }

  template <class H>
  void gather(const uint32_t* rows, uint32_t count, const BoxArrays<H>& boxes) const {
    const TensorView& view = call_.rows.boxes;
    if constexpr (std::is_same_v<T, H> && std::is_same_v<T, A> && std::is_same_v<T, Held<T>>) {
      if (is_plain_layout_ && view.strides[1] == 1) {
        const T* first = static_cast<const T*>(view.data) + call_.rows.first_column;
        OPSBRIDGE_AT_LEVEL(
            gather_corners(first, view.strides[0], call_.rule.box_offset, rows, count, boxes));
        for (uint32_t i = count; i < blocks_of(count) * kBlock; ++i) put(boxes, i, Box<A>{});
        return;
      }
    }
    if (is_plain_layout_ && view.strides[1] == 1) {
      const T* first = static_cast<const T*>(view.data) + call_.rows.first_column;
      const BoxOffset offset = call_.rule.box_offset;
      for (uint32_t i = 0; i < count; ++i) {
        const T* c = first + rows[i] * view.strides[0];
        put(boxes, i,
            make_box<A>(static_cast<A>(c[0]), static_cast<A>(c[1]), static_cast<A>(c[2]),
                        static_cast<A>(c[3]), Layout::xyxy, CornerOrder::given, offset));
      }
    } else {
      for (uint32_t i = 0; i < count; ++i) put(boxes, i, box_at_(rows[i]));
    }
    for (uint32_t i = count; i < blocks_of(count) * kBlock; ++i) put(boxes, i, Box<A>{});
  }

  uint32_t sweep_fast(SweepRun<A>& run, const uint32_t* rows, uint32_t count,
                      uint32_t* kept) const {
    open(run, rows, count, kept);
    OPSBRIDGE_AT_LEVEL(sweep_best_first(run));
    if (run.count > 0) sweep_rest(run);
    return run.kept_count;
  }

  void open(SweepRun<A>& run, const uint32_t* rows, uint32_t count, uint32_t* kept) const {
    run.count = count;
    run.kept = kept;
    run.kept_count = 0;
    run.most_kept = most_kept_ < 0 || most_kept_ > count ? count : uint32_t(most_kept_);
    gather(rows, count, run.boxes);
    for (uint32_t i = 0; i < count; ++i) run.places[i] = i;
  }

  // Decides what a sweep has left.
  static void sweep_rest(SweepRun<A>& run) {
    if (sweep_rest_in_grid(run)) return;
    run.may_stop = false;
    OPSBRIDGE_AT_LEVEL(sweep_best_first(run));
    run.may_stop = true;
  }

  static bool sweep_rest_in_grid(SweepRun<A>& run) {
    Scratch scratch;
    const size_t size = size_t(blocks_of(run.count)) * kBlock;
    const GridMemory<Held<A>> memory{
        scratch.take<Held<A>>(5 * size), scratch.take<uint16_t>(blocks_of(run.count)),
        scratch.take<uint32_t>(size), scratch.take<uint32_t>(grid_starts(run.count))};
    bool is_done = false;
    OPSBRIDGE_AT_LEVEL(is_done = sweep_in_grid(run, memory));
    return is_done;
  }

  uint32_t sweep_plainly(const uint32_t* rows, uint32_t count, uint32_t* kept,
                         int64_t* suppressor) const {
    Scratch scratch;
    const BoxArrays<A> boxes = take_boxes<A>(scratch, count);
    gather(rows, count, boxes);
    uint8_t* suppressed = scratch.take<uint8_t>(count);
    std::memset(suppressed, 0, count);
    const NmsSweep<A> sweep{count,      boxes.x1,   boxes.y1,   boxes.x2,   boxes.y2,
                            boxes.area, suppressed, suppressor, threshold_, call_.threshold_decay,
                            most_kept_, call_.rule};
    OPSBRIDGE_AT_LEVEL(nms_sweep(sweep));
    uint32_t kept_count = 0;
    for (uint32_t i = 0; i < count; ++i) {
      if (!suppressed[i]) kept[kept_count++] = i;
    }
    return kept_count;
  }

  static constexpr int64_t kManyBoxes = 4096;
  static constexpr int64_t kLine = 64;

  const NmsCall& call_;
  BoxReader<T, A> box_at_;
  double threshold_;
  int64_t most_kept_;
  bool is_plain_layout_;
};

}  // namespace opsbridge
