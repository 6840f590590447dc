// Soft suppression: every level selects the same boxes with the same scores, and those that a plain
// loop over the shared header's weights selects.
#include <algorithm>
#include <utility>

#include "drawn.h"
#include "levels.h"
#include "ops/soft_nms.h"
#include "ops/soft_nms_host.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

struct Case {
  SoftNmsCall call;
  Tensor boxes, scores, groups;
};

template <class T>
Case draw(Drawn& from, Dtype dtype) {
  Case drawn;
  SoftNmsCall& call = drawn.call;
  const int64_t count = from.below(8) == 0 ? from.below(200) : from.below(24);
  call.rule =
      decode_soft_nms_rule(from.rule({4, 2, 2, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 4, 3, 4}));
  call.iou_threshold = double(from.below(12)) / 8 - 0.125;
  call.sigma = from.coin() ? 0.5 : from.number();
  call.min_score = from.coin() ? 0.0 : from.number();
  call.max_outputs = from.coin() ? -1 : from.below(30);
  call.shift_limit = from.coin() ? -1 : from.below(100);
  call.score_column = from.coin() ? -1 : 0;
  const bool has_groups = from.coin();
  drawn.boxes = Tensor::drawn<T>(from, dtype, {count, 4});
  drawn.scores = call.score_column < 0 ? Tensor::drawn<T>(from, dtype, {count})
                                       : Tensor::drawn<T>(from, dtype, {count, 1});
  if (has_groups) drawn.groups = Tensor::drawn<int64_t>(from, Dtype::int64, {count});
  call.rows = {drawn.boxes.view(), 0, has_groups ? drawn.groups.view() : kNoTensor};
  call.scores = drawn.scores.view();
  return drawn;
}

template <class T>
struct Selected {
  std::vector<int64_t> rows;
  Numbers<T> boxes;
  bool operator==(const Selected& other) const {
    return rows == other.rows && boxes == other.boxes;
  }
};

template <class T>
Selected<T> select(Case& drawn) {
  SoftNmsCall call = drawn.call;
  const int64_t count = call.rows.count();
  Tensor keep = Tensor::of(Dtype::int64, {count}, int64_t(-7));
  Tensor kept = Tensor::of(call.rows.boxes.dtype, {count, 5}, T(7));
  call.keep = keep.view();
  call.kept_boxes = kept.view();
  const int64_t found = soft_nms(call);
  expect(found <= count, "more boxes than there are");
  const int64_t* const rows = keep.data<int64_t>();
  return {std::vector<int64_t>(rows, rows + std::max<int64_t>(found, 0)), numbers_of<T>(kept)};
}

bool is_plain(const SoftNmsCall& call) {
  const SoftNmsRule& rule = call.rule;
  const bool is_alone = !is_present(call.rows.groups) || rule.group_rule == GroupRule::ignored;
  const bool is_unshifted =
      call.shift_limit < 0 || rule.over_shift_limit == OverShiftLimit::unchanged;
  return rule.selection_order == SelectionOrder::in_place && rule.kept_order == KeptOrder::rank &&
         is_alone && is_unshifted;
}

// The selected box changes places with the one in front, one that leaves with the last.
template <class T, class A, class S>
std::vector<int64_t> plain_selection(const SoftNmsCall& call) {
  const SoftNmsRule& rule = call.rule;
  const SoftSettings<S> settings{static_cast<S>(call.iou_threshold), static_cast<S>(call.sigma),
                                 static_cast<S>(call.min_score), rule};
  const BoxReading<T> reading{rule.layout, rule.corner_order, rule.box_offset, false, T(0)};
  std::vector<int64_t> live;
  std::vector<S> scores;
  for (int64_t row = 0; row < call.rows.count(); ++row) {
    live.push_back(row);
    const T score =
        call.score_column < 0 ? read<T>(call.scores, row) : read<T>(call.scores, row, 0);
    scores.push_back(static_cast<S>(static_cast<A>(score)));
  }
  const auto score_of = [&](size_t place) -> S& { return scores[size_t(live[place])]; };
  size_t place = 0;
  while (place < live.size() && place != size_t(call.max_outputs)) {
    size_t best = place;
    for (size_t other = place + 1; other < live.size(); ++other) {
      if (score_of(best) < score_of(other)) best = other;
    }
    std::swap(live[place], live[best]);
    if (rule.first_box == FirstBox::checked && is_low(score_of(place), settings)) break;
    const Box<A> winner = box_of<T, A>(call.rows, live[place], reading);
    for (size_t other = ++place; other < live.size();) {
      const Box<A> box = box_of<T, A>(call.rows, live[other], reading);
      const bool is_skipped =
          rule.disjoint_box == DisjointBox::skipped && !overlaps(winner, box, rule.box_offset);
      if (!is_skipped) {
        const S overlap = formed_overlap<S>(winner, box, rule);
        score_of(other) = lowered_score(score_of(other), overlap, settings);
        if (is_low(score_of(other), settings)) {
          live[other] = live.back();
          live.pop_back();
          continue;
        }
      }
      ++other;
    }
  }
  live.resize(place);
  return live;
}

template <class T, class A>
std::vector<int64_t> plain_selection_in(const SoftNmsCall& call) {
  if (call.rule.score_type == ScoreType::working) return plain_selection<T, A, A>(call);
  return plain_selection<T, A, float>(call);
}

template <class T>
std::vector<int64_t> plain_rows(const SoftNmsCall& call) {
  switch (call.rule.accumulate) {
    case Accumulate::float32:
      return plain_selection_in<T, float>(call);
    case Accumulate::float64:
      return plain_selection_in<T, double>(call);
    default:
      return plain_selection_in<T, T>(call);
  }
}

template <class T>
void compare(Drawn& from, Dtype dtype) {
  Case drawn = draw<T>(from, dtype);
  const Selected<T> selected = at_every_level([&] { return select<T>(drawn); });
  if (is_plain(drawn.call)) {
    expect(selected.rows == plain_rows<T>(drawn.call), "the plain loop selects other boxes");
  }
}

}  // namespace
}  // namespace opsbridge

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  opsbridge::Drawn from(data, size);
  const opsbridge::Dtype dtype = from.floating();
  opsbridge::with_floating_type(
      dtype, [&](auto zero) { opsbridge::compare<decltype(zero)>(from, dtype); });
  return 0;
}
