// Greedy suppression without a mask of all pairs. Boxes are ranked. Few are decided by the pairs
// among them; of many the first ones are, what those drop is gone, and every other box looks for
// better ones near it. The result is that of the sequence, since each decision is.
#include "cuda/ordering.h"
#include "ops/nms_device.h"
#include "ops/nms_outputs_device.h"
#include "ops/nms_pairs_device.h"
#include "ops/nms_tree_device.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// Of many boxes; more drop more of the others, but each of those has to look at more.
constexpr int64_t kHead = 2048;

// Decides the first boxes; `kept_ranks` may be null, else has room for those and for their number.
template <class A>
void decide_by_pairs(const Executor& on, Workspace& workspace, const Candidates<A>& all,
                     int64_t count, uint32_t* kept_before, uint32_t* kept_ranks) {
  uint32_t* words = workspace.take<uint32_t>(words_of(count) * count);
  if (workspace.is_counting()) return;
  on.each_team(FindPairs<A>::parts(count), FindPairs<A>{all, count, words});
  uint32_t* kept_count = kept_ranks == nullptr ? nullptr : kept_ranks + count;
  if (count == 0) return;
  on.each_crew(1, kMostWarps,
               ResolvePairs<A>{all, count, words, kept_before, kept_ranks, kept_count});
}

template <class A>
void decide_by_tree(const Executor& on, Workspace& workspace, const Candidates<A>& all,
                    uint32_t* kept_before) {
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
  decide_by_pairs(on, workspace, all, kHead, kept_before, kept_ranks);
  if (!workspace.is_counting()) {
    on.each_crew(
        (count + kWarpSize - 1) / kWarpSize, FilterByHead<A>::kWarps,
        FilterByHead<A>{all, kHead, kept_ranks, kept_ranks + kHead, keys.current, ranks.current});
  }
  sort_pairs(on, workspace, keys, ranks, count);
  if (!workspace.is_counting()) {
    const Tree<A> tree{corners, areas, ranks.current, tiles, of_tiles, of_squares};
    on.each_block(squares, BuildSquare<A>{all, keys.current, tree});
    on.each(fields, BuildField<A>{tree});
    on.fill_bytes(drawn, 0, sizeof *drawn);
    on.each_in_order(count, drawn, DecideInTree<A>{all, tree});
  }
  sum_before(on, workspace, all.states, kept_before, count);
}

template <class T, class A>
void decide(const Executor& on, Workspace& workspace, const NmsCall& call, Grouping grouping,
            const typename ScoreKey<T>::type* keys, const uint32_t* ranked,
            const unsigned long long* largest, uint8_t* states, uint32_t* kept_before) {
  using Key = typename ScoreKey<T>::type;
  const int64_t count = call.rows.count();
  const NmsRule& rule = call.rule;
  Box<A>* boxes = workspace.take<Box<A>>(count);
  uint64_t* groups = grouping.is_exact ? workspace.take<uint64_t>(count) : nullptr;
  const double threshold = held_threshold<T>(call.iou_threshold, rule.threshold_type);
  const Candidates<A> all{
      boxes, groups, states, count, threshold, rule, do_disjoint_boxes_stay(rule, threshold)};
  if (!workspace.is_counting()) {
    const BoxReading<T> reading{rule.layout, rule.corner_order, rule.box_offset,
                                grouping.is_shifted, T(0)};
    on.each(count,
            ReadBoxes<T, A, Key>{call.rows, reading, largest, keys, ranked, call.pre_top_k, all});
  }
  if (count <= ResolvePairs<A>::kMost) {
    decide_by_pairs(on, workspace, all, count, kept_before, nullptr);
  } else {
    decide_by_tree(on, workspace, all, kept_before);
  }
}

template <class T>
void run(const Executor& on, Workspace& workspace, Report* report, const NmsCall& call) {
  using Key = typename ScoreKey<T>::type;
  const int64_t count = call.rows.count();
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, call.rule);
  unsigned long long* largest =
      grouping.is_shifted ? workspace.take<unsigned long long>(1) : nullptr;
  Buffers<Key> keys = take_buffers<Key>(workspace, count);
  Buffers<uint32_t> rows = take_buffers<uint32_t>(workspace, count);
  uint8_t* states = workspace.take<uint8_t>(count);
  uint32_t* kept_before = workspace.take<uint32_t>(count);
  const bool is_counting = workspace.is_counting();
  if (!is_counting) {
    on.each(1, StartReport{report});
    on.each(count, MakeKeys<T, Key>{call, keys.current, rows.current, report});
    if (grouping.is_shifted) {
      on.fill_bytes(largest, 0, sizeof *largest);
      on.each_block((count + FindLargest<T>::kRows - 1) / FindLargest<T>::kRows,
                    FindLargest<T>{call.rows, call.rule.layout, largest});
    }
  }
  sort_pairs(on, workspace, keys, rows, count);
  const auto decide_in = [&](auto zero) {
    decide<T, decltype(zero)>(on, workspace, call, grouping, keys.current, rows.current, largest,
                              states, kept_before);
  };
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      decide_in(float());
      break;
    case Accumulate::float64:
      decide_in(double());
      break;
    default:
      decide_in(T());
  }
  const bool is_by_row = call.rule.kept_order == KeptOrder::index;
  uint8_t* by_row = is_by_row ? workspace.take<uint8_t>(count) : nullptr;
  const WriteByRank<T> write{call, rows.current, states, kept_before, by_row, report};
  if (!is_counting) on.each(WriteByRank<T>::places(call), write);
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
