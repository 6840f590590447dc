// Soft suppression: boxes are laid out by run and in space, then one crew of warps selects from
// each run (ops/soft_nms_crew_device.h), and what was selected is put into the order that the rule
// asks for.
#include "cuda/ordering.h"
#include "ops/group_runs_device.h"
#include "ops/soft_nms_crew_device.h"
#include "ops/soft_nms_device.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// With no more boxes than this in a run, nothing is gained by an order in space: every warp of a
// large crew has one part of them. Runs share the device, and have smaller crews.
constexpr int64_t kLeastInSpace = kMostWarps * kSoftPart;
constexpr int kWarpsOfRun = 8;

struct StartSoft {
  unsigned* oddities;
  unsigned long long* selected;
  OPSBRIDGE_MEMBER void operator()(int64_t) const {
    *oddities = 0;
    *selected = 0;
  }
};

// Spreads 32 bits to every other one of 64.
OPSBRIDGE_FN uint64_t spread_bits(uint32_t value) {
  uint64_t bits = value;
  bits = (bits | bits << 16) & 0x0000ffff0000ffff;
  bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & 0x5555555555555555;
}

// Centres on a Z-shaped curve through the bits of the numbers: no bounds have to be known. Which
// order it is decides the time only, never a result.
template <class T>
struct KeyInSpace {
  BoxRows rows;
  SoftNmsRule rule;
  GroupRuns runs;
  uint64_t* keys;
  uint32_t* places;
  OPSBRIDGE_MEMBER void operator()(int64_t place) const {
    const Box<T> box = corners_as_given<T>(rows, runs.row_at(place), rule.layout);
    const float x = float(box.x1) / 2 + float(box.x2) / 2;
    const float y = float(box.y1) / 2 + float(box.y2) / 2;
    keys[place] = spread_bits(ascending_key(x)) | spread_bits(ascending_key(y)) << 1;
    places[place] = static_cast<uint32_t>(place);
  }
};

struct KeyByRun {
  GroupRuns runs;
  const uint32_t* places;
  uint32_t* keys;
  OPSBRIDGE_MEMBER void operator()(int64_t i) const { keys[i] = runs.run_at(places[i]); }
};

// Places by slot: by run, and in space inside each; null where the order stays.
template <class T>
const uint32_t* order_in_space(const Executor& on, Workspace& workspace, const SoftNmsCall& call,
                               const GroupRuns& runs) {
  const int64_t count = call.rows.count();
  Buffers<uint64_t> keys = take_buffers<uint64_t>(workspace, count);
  Buffers<uint32_t> places = take_buffers<uint32_t>(workspace, count);
  const bool is_counting = workspace.is_counting();
  if (!is_counting) {
    on.each(count, KeyInSpace<T>{call.rows, call.rule, runs, keys.current, places.current});
  }
  sort_pairs(on, workspace, keys, places, count);
  if (runs.is_one) return places.current;
  Buffers<uint32_t> run_keys = take_buffers<uint32_t>(workspace, count);
  if (!is_counting) on.each(count, KeyByRun{runs, places.current, run_keys.current});
  sort_pairs(on, workspace, run_keys, places, count);
  return places.current;
}

template <class T, class A>
struct FillSlots {
  SoftNmsCall call;
  BoxReading<T> reading;
  const unsigned long long* largest;
  GroupRuns groups;
  const uint32_t* order;
  SoftRuns<A> runs;
  unsigned* oddities;

  OPSBRIDGE_MEMBER void operator()(int64_t slot) const {
    using Number = SoftNumber<A>;
    const int64_t place = order == nullptr ? slot : int64_t(order[slot]);
    const int64_t row = groups.row_at(place);
    BoxReading<T> own = reading;
    if (own.is_shifted) own.step = shift_step<T>(*largest);
    const Box<A> box = box_of<T, A>(call.rows, row, own);
    const T score = call.score_column < 0 ? read<T>(call.scores, row)
                                          : read<T>(call.scores, row, call.score_column);
    runs.box.x1[slot] = static_cast<Number>(box.x1);
    runs.box.y1[slot] = static_cast<Number>(box.y1);
    runs.box.x2[slot] = static_cast<Number>(box.x2);
    runs.box.y2[slot] = static_cast<Number>(box.y2);
    runs.area[slot] = static_cast<Number>(box.area);
    runs.score[slot] = live_score(static_cast<Number>(static_cast<A>(score)));
    runs.number[slot] = static_cast<uint32_t>(place) - groups.begins[groups.run_at(place)];
    // Zero, unless one of the numbers is infinite or not a number.
    const A zero = (box.x1 - box.x1) + (box.y1 - box.y1) + (box.x2 - box.x2) + (box.y2 - box.y2) +
                   (box.area - box.area);
    const unsigned odd =
        (zero == A(0) ? 0u : kNotFinite) | (box.area > A(0) ? 0u : unsigned(kNotPositive));
    if (odd != 0) set_bits(oddities, odd);
  }
};

template <class A>
SoftRuns<A> take_runs(Workspace& workspace, int64_t count, const GroupRuns& groups) {
  using Number = SoftNumber<A>;
  using Corners = typename SoftRuns<A>::Corners;
  const auto corners = [&](int64_t size) {
    Number* x1 = workspace.take<Number>(size);
    Number* y1 = workspace.take<Number>(size);
    Number* x2 = workspace.take<Number>(size);
    return Corners{x1, y1, x2, workspace.take<Number>(size)};
  };
  const int64_t most_runs = groups.is_one ? 1 : count;
  const int64_t parts = first_part(count, most_runs);
  SoftRuns<A> runs;
  runs.count = groups.count;
  runs.begins = groups.begins;
  runs.box = corners(count);
  runs.area = workspace.take<Number>(count);
  runs.score = workspace.take<Number>(count);
  runs.number = workspace.take<uint32_t>(count);
  runs.bounds = corners(parts);
  runs.best = workspace.take<typename SoftRuns<A>::Key>(parts);
  runs.best_slot = workspace.take<uint32_t>(parts);
  runs.positions = {};
  runs.positions.selected = workspace.take<uint32_t>(count);
  runs.positions.dropped = workspace.take<uint32_t>(count);
  runs.positions.dropped_by = workspace.take<uint32_t>(count);
  runs.positions.position = workspace.take<uint32_t>(count);
  runs.positions.candidate = workspace.take<uint32_t>(count);
  runs.positions.is_dropped = workspace.take<uint64_t>(first_word(count, most_runs));
  runs.selected_score = workspace.take<Number>(count);
  runs.selected = workspace.take<uint32_t>(most_runs);
  return runs;
}

// What was selected, by run and step.
template <class T, class Number>
struct Selections {
  GroupRuns groups;
  const uint32_t* numbers;
  const Number* scores;
  const uint32_t* counts;  // by run

  // Whether so many were selected in the run.
  OPSBRIDGE_MEMBER bool has(int64_t at) const {
    const uint32_t run = groups.run_at(at);
    return static_cast<uint32_t>(at) - groups.begins[run] < counts[run];
  }
  OPSBRIDGE_MEMBER int64_t row(int64_t at) const {
    return groups.row_at(int64_t(groups.begins[groups.run_at(at)]) + numbers[at]);
  }
  OPSBRIDGE_MEMBER T score(int64_t at) const { return static_cast<T>(scores[at]); }
};

// In which order selections are given: in that of their scores, equal ones as they were or by row.
enum class OutputOrder { selection, score, score_then_row, row };

template <class T, class Number>
struct KeyForOutput {
  using Key = typename ScoreKey<T>::type;
  Selections<T, Number> selections;
  OutputOrder order;
  Key* keys;
  uint32_t* values;
  OPSBRIDGE_MEMBER void operator()(int64_t at) const {
    if (!selections.has(at)) return;
    const int64_t to = order == OutputOrder::score_then_row ? selections.row(at) : at;
    keys[to] = key(at);
    values[to] = static_cast<uint32_t>(at);
  }
  OPSBRIDGE_MEMBER Key key(int64_t at) const {
    if (order == OutputOrder::row) return static_cast<Key>(selections.row(at));
    // One run is given as it was selected.
    const bool stays = order == OutputOrder::score && *selections.groups.count == 1;
    return stays ? static_cast<Key>(at) : descending_key(selections.score(at));
  }
};

template <class T, class Number>
struct WriteSelected {
  SoftNmsCall call;
  Selections<T, Number> selections;
  const uint32_t* order;  // null: as selected
  const unsigned long long* count;
  Report* report;
  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    if (i == 0) tell_count(report, static_cast<int64_t>(*count));
    if (static_cast<unsigned long long>(i) >= *count) return;
    const int64_t at = order == nullptr ? i : int64_t(order[i]);
    const int64_t row = selections.row(at);
    if (is_present(call.keep)) store(call.keep, i, row);
    if (!is_present(call.kept_boxes)) return;
    const TensorView& out = call.kept_boxes;
    T* to = static_cast<T*>(out.data) + i * out.strides[0];
    for (int64_t j = 0; j < 4; ++j) to[j * out.strides[1]] = coordinate_of<T>(call.rows, row, j);
    to[4 * out.strides[1]] = selections.score(at);
  }
};

// The unstable order of equal scores, that of a sort on the CPU, is a stable one here.
OutputOrder output_order(const SoftNmsCall& call, bool is_exact) {
  const bool is_over = call.shift_limit >= 0 && 4 * call.rows.count() > call.shift_limit;
  switch (call.rule.kept_order) {
    case KeptOrder::index:
      return OutputOrder::row;
    case KeptOrder::introsort:
      return OutputOrder::score_then_row;
    case KeptOrder::introsort_over_limit:
      if (is_over) return OutputOrder::score_then_row;
      break;
    case KeptOrder::rank:
      break;
  }
  return is_exact ? OutputOrder::score : OutputOrder::selection;
}

template <class T, class Number>
void write(const Executor& on, Workspace& workspace, Report* report, const SoftNmsCall& call,
           const Selections<T, Number>& selections, const unsigned long long* selected,
           OutputOrder order) {
  using Key = typename ScoreKey<T>::type;
  const int64_t count = call.rows.count();
  const bool is_counting = workspace.is_counting();
  const uint32_t* places = nullptr;
  if (order != OutputOrder::selection) {
    Buffers<Key> keys = take_buffers<Key>(workspace, count);
    Buffers<uint32_t> values = take_buffers<uint32_t>(workspace, count);
    if (!is_counting) {
      on.fill_bytes(keys.current, 0xff, count * int64_t(sizeof(Key)));  // what is not selected
      on.fill_bytes(values.current, 0, count * int64_t(sizeof(uint32_t)));
      on.each(count, KeyForOutput<T, Number>{selections, order, keys.current, values.current});
    }
    sort_pairs(on, workspace, keys, values, count);
    places = values.current;
  }
  if (!is_counting)
    on.each(count, WriteSelected<T, Number>{call, selections, places, selected, report});
}

template <class A>
void select(const Executor& on, const SoftNmsCall& call, const SoftRuns<A>& runs, bool is_exact,
            bool are_near, const unsigned* oddities, unsigned long long* selected) {
  const int64_t count = call.rows.count();
  const SoftSettings<A> settings{static_cast<A>(call.iou_threshold), static_cast<A>(call.sigma),
                                 static_cast<A>(call.min_score), call.rule};
  const SoftSelector<A> selector{
      runs, settings, are_near, keepers_of(settings), least_share(settings), oddities, selected};
  const int64_t parts = (count + kSoftPart - 1) / kSoftPart;
  const int most = is_exact ? kWarpsOfRun : kMostWarps;
  on.each_crew(is_exact ? count : 1, static_cast<int>(parts < most ? parts : most), selector);
}

template <class T, class A>
void run_in(const Executor& on, Workspace& workspace, Report* report, const SoftNmsCall& call) {
  const int64_t count = call.rows.count();
  const SoftNmsRule& rule = call.rule;
  const Grouping grouping = grouping_of(call.rows, call.shift_limit, rule);
  unsigned* oddities = workspace.take<unsigned>(1);
  unsigned long long* largest = workspace.take<unsigned long long>(1);
  unsigned long long* selected = workspace.take<unsigned long long>(1);
  const bool is_counting = workspace.is_counting();
  if (count == 0) return;
  if (!is_counting) {
    on.each(1, StartSoft{oddities, selected});
    if (is_present(call.rows.groups) && call.rows.groups.dtype == Dtype::float64) {
      on.each(count, RefuseNanGroup{call.rows, report});
    }
    if (grouping.is_shifted) {
      on.fill_bytes(largest, 0, sizeof *largest);
      on.each(count, FindLargestCorner<T>{call.rows, rule.layout, largest});
    }
  }
  const GroupRuns groups = runs_on_device(on, workspace, call.rows, grouping.is_exact);
  const bool are_near = count > kLeastInSpace * (grouping.is_exact ? kWarpsOfRun : 1);
  const uint32_t* order = are_near ? order_in_space<T>(on, workspace, call, groups) : nullptr;
  const SoftRuns<A> runs = take_runs<A>(workspace, count, groups);
  if (!is_counting) {
    const BoxReading<T> reading{rule.layout, rule.corner_order, rule.box_offset,
                                grouping.is_shifted, T(0)};
    on.each(count, FillSlots<T, A>{call, reading, largest, groups, order, runs, oddities});
    select(on, call, runs, grouping.is_exact, are_near, oddities, selected);
  }
  const Selections<T, SoftNumber<A>> selections{groups, runs.positions.selected,
                                                runs.selected_score, runs.selected};
  write(on, workspace, report, call, selections, selected, output_order(call, grouping.is_exact));
}

template <class T>
void run(const Executor& on, Workspace& workspace, Report* report, const SoftNmsCall& call) {
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

void soft_nms_on_device(const Executor& on, Workspace& workspace, Report* report,
                        const SoftNmsCall& call) {
  if (call.rows.count() >= int64_t(1) << 31) {
    throw std::length_error("soft_nms takes fewer than 2**31 boxes");
  }
  with_floating_type(call.rows.boxes.dtype,
                     [&](auto zero) { run<decltype(zero)>(on, workspace, report, call); });
}

}  // namespace opsbridge
