// Greedy suppression without a mask of all pairs. Boxes are ranked. Few are decided by the pairs
// among them; of many the first ones are, what those drop is gone, and every other box looks for
// better ones near it. The result is that of the sequence, since each decision is.
#include "cuda/chunk_order.h"
#include "cuda/ordering.h"
#include "ops/nms_device.h"
#include "ops/nms_outputs_device.h"
#include "ops/nms_pairs_device.h"
#include "ops/nms_tree_device.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// Up to so many, all pairs are tested.
constexpr int64_t kFew = 2048;
// Of many boxes; more drop more of the others, but each of those has to look at more.
constexpr int64_t kHead = 2048;

// Tests the pairs of the first boxes and decides those.
template <class A, class End>
void decide_by_pairs(const Executor& on, Workspace& workspace, const Candidates<A>& all,
                     int64_t count, const End& end) {
  static_assert(kFew <= ResolvePairs<A, End>::kMost && kHead <= kFew, "");
  uint32_t* words = workspace.take<uint32_t>(words_of(count) * count);
  if (workspace.is_counting()) return;
  on.each_team(FindPairs<A>::parts(count), FindPairs<A>{all, count, words});
  on.each_crew(1, kMostWarps, ResolvePairs<A, End>{all, count, words, end});
}

// Decides all and writes states.
template <class A>
void decide_by_tree(const Executor& on, Workspace& workspace, const Candidates<A>& all) {
  const int64_t count = all.count, fields = Tree<A>::field_count(count), squares = fields * kFan;
  uint32_t* kept_ranks = workspace.take<uint32_t>(kHead + 1);
  Buffers<uint32_t> keys = take_buffers<uint32_t>(workspace, count);
  Buffers<uint32_t> ranks = take_buffers<uint32_t>(workspace, count);
  Corners<A>* corners = workspace.take<Corners<A>>(count);
  A* areas = workspace.take<A>(count);
  const Level<A> tiles = Level<A>::take(workspace, squares * kFan);
  const Level<A> of_tiles = Level<A>::take(workspace, squares);
  const Level<A> of_squares = Level<A>::take(workspace, fields);
  unsigned long long* drawn = workspace.take<unsigned long long>(1);
  decide_by_pairs(on, workspace, all, kHead, KeepHead<A>{all, kept_ranks, kept_ranks + kHead});
  if (!workspace.is_counting()) {
    on.each_crew((count + kWarpSize - 1) / kWarpSize, FilterByHead<A>::kWarps,
                 FilterByHead<A>{all, kHead, kept_ranks, kept_ranks + kHead, keys.current,
                                 ranks.current, drawn});
  }
  sort_pairs(on, workspace, keys, ranks, count);
  if (workspace.is_counting()) return;
  const Tree<A> tree{corners, areas, ranks.current, tiles, of_tiles, of_squares};
  on.each_block(squares, BuildSquare<A>{all, keys.current, tree});
  if (fields > 1) on.each(fields, BuildField<A>{tree});
  on.each_in_order(count, drawn, DecideInTree<A>{all, tree});
}

// Writes what is decided.
template <class T>
void write(const Executor& on, Workspace& workspace, const Outputs<T>& out, const uint8_t* states,
           bool is_by_row) {
  const int64_t count = out.call.rows.count();
  uint32_t* kept_before = workspace.take<uint32_t>(count);
  uint8_t* by_row = is_by_row ? workspace.take<uint8_t>(count) : nullptr;
  sum_before(on, workspace, states, kept_before, count);
  const WriteByRank<T> by_rank{out, states, kept_before, by_row};
  if (!workspace.is_counting()) on.each(by_rank.places(), by_rank);
  if (!is_by_row) return;
  uint32_t* rows_before = workspace.take<uint32_t>(count);
  sum_before(on, workspace, by_row, rows_before, count);
  if (!workspace.is_counting()) on.each(count, WriteByRow<T>{out, by_row, rows_before});
}

// Reads the boxes in the order of their scores.
template <class T, class A>
void rank(const Executor& on, Workspace& workspace, const RowKeys<T>& of_rows,
          const ReadBoxes<T, A>& boxes) {
  using Key = typename RowKeys<T>::Key;
  const int64_t count = of_rows.call.rows.count();
  if (count <= kMostInChunks) {
    return place_in_order(on, workspace, ReadPlacedBoxes<T, A>{of_rows, boxes}, count);
  }
  Buffers<Key> keys = take_buffers<Key>(workspace, count);
  Buffers<uint32_t> rows = take_buffers<uint32_t>(workspace, count);
  if (!workspace.is_counting()) on.each(count, MakeKeys<T>{of_rows, keys.current, rows.current});
  sort_pairs(on, workspace, keys, rows, count);
  if (!workspace.is_counting()) {
    on.each(count, ReadSortedBoxes<T, A>{boxes, keys.current, rows.current});
  }
}

template <class T, class A>
void run_in(const Executor& on, Workspace& workspace, Report* report, const NmsCall& call) {
  const int64_t count = call.rows.count();
  const NmsRule& rule = call.rule;
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, rule);
  const int64_t parts = grouping.is_shifted ? LargestOfParts::parts(count) : 0;
  const LargestOfParts largest{workspace.take<unsigned long long>(parts), parts};
  Box<A>* boxes = workspace.take<Box<A>>(count);
  uint64_t* groups = grouping.is_exact ? workspace.take<uint64_t>(count) : nullptr;
  uint8_t* states = workspace.take<uint8_t>(count);
  uint32_t* ranked = workspace.take<uint32_t>(count);
  const double threshold = held_threshold<T>(call.iou_threshold, rule.threshold_type);
  const Candidates<A> all{
      boxes, groups, states, count, threshold, rule, do_disjoint_boxes_stay(rule, threshold)};
  const BoxReading<T> reading{rule.layout, rule.corner_order, rule.box_offset, grouping.is_shifted,
                              T(0)};
  if (!workspace.is_counting()) {
    on.each_block(parts, FindLargest<T>{call.rows, rule.layout, largest});
  }
  rank(on, workspace, RowKeys<T>{call, report},
       ReadBoxes<T, A>{call.rows, reading, largest, call.pre_top_k, all, ranked});
  const Outputs<T> out{call, ranked, report};
  const bool is_by_row = rule.kept_order == KeptOrder::index;
  if (count <= kFew) {
    decide_by_pairs(on, workspace, all, count, WriteFew<T>{out, is_by_row});
  } else {
    decide_by_tree(on, workspace, all);
    write(on, workspace, out, states, is_by_row);
  }
}

template <class T>
void run(const Executor& on, Workspace& workspace, Report* report, const NmsCall& call) {
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      return run_in<T, float>(on, workspace, report, call);
    case Accumulate::float64:
      return run_in<T, double>(on, workspace, report, call);
    default:
      return run_in<T, T>(on, workspace, report, call);
  }
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
