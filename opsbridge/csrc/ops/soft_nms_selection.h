// Selections box by box, each as the framework that has it does it. Host only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "ops/soft_nms.h"
#include "runtime/may_end.h"

namespace opsbridge {

// A box with its score, in the type in which scores are lowered, and its number in the run.
template <class A, class S>
struct Live {
  Box<A> box;
  S score;
  uint32_t number;
};

template <class A, class S>
S lowered_by(const Box<A>& selected, const Live<A, S>& other, const SoftSettings<S>& settings) {
  return lowered_score(other.score, formed_overlap<S>(selected, other.box, settings.rule),
                       settings);
}

// Lowers what the selected box overlaps. What falls too low is replaced by the last live one, which
// is looked at next: later selections depend on that order.
template <class A, class S>
size_t lower_after(std::vector<Live<A, S>>& live, size_t selected, size_t count,
                   const SoftSettings<S>& settings) {
  const bool skips = settings.rule.disjoint_box == DisjointBox::skipped;
  const Box<A> winner = live[selected].box;
  for (size_t i = selected + 1; i < count;) {
    Live<A, S>& other = live[i];
    if (skips && !overlaps(winner, other.box, settings.rule.box_offset)) {
      ++i;
      continue;
    }
    other.score = lowered_by(winner, other, settings);
    if (is_low(other.score, settings)) {
      live[i] = live[--count];
    } else {
      ++i;
    }
  }
  return count;
}

// Leaves what is selected, in that order and `most` at most; the first `selected` are so already.
template <class A, class S>
void select_in_place(size_t selected, size_t most, std::vector<Live<A, S>>& live,
                     const SoftSettings<S>& settings) {
  size_t count = live.size(), i = selected;
  for (; i < count && i < most; ++i) {
    if (may_end_at(static_cast<int64_t>(i))) break;
    size_t best = i;
    for (size_t j = i + 1; j < count; ++j) {
      if (live[best].score < live[j].score) best = j;
    }
    std::swap(live[i], live[best]);
    const bool is_checked = settings.rule.first_box == FirstBox::checked;
    if (is_checked && is_low(live[i].score, settings)) break;
    count = lower_after(live, i, count, settings);
  }
  live.resize(i);
}

// The same where equal scores are taken by number, and what is too low stays where it is.
template <class A, class S>
void select_by_index(size_t most, std::vector<Live<A, S>>& live, const SoftSettings<S>& settings) {
  const auto comes_before = [](const Live<A, S>& a, const Live<A, S>& b) {
    return a.score == b.score ? a.number < b.number : a.score > b.score;
  };
  size_t i = 0;
  for (; i < live.size() && i < most; ++i) {
    if (may_end_at(static_cast<int64_t>(i))) break;
    size_t best = i;
    for (size_t j = i + 1; j < live.size(); ++j) {
      if (comes_before(live[j], live[best])) best = j;
    }
    if (is_low(live[best].score, settings)) break;
    std::swap(live[i], live[best]);
    for (size_t j = i + 1; j < live.size(); ++j) {
      if (is_low(live[j].score, settings)) continue;
      live[j].score = lowered_by(live[i].box, live[j], settings);
    }
  }
  live.resize(i);
}

// The same where a score is lowered only when its turn comes, by all boxes that were selected since
// its last one, the latest first. It is selected if that leaves it as it is.
template <class A, class S>
void select_from_queue(size_t most, std::vector<Live<A, S>>& live,
                       const SoftSettings<S>& settings) {
  struct Waiting {
    Live<A, S> each;
    size_t seen;  // so many selected boxes have lowered it
  };
  const auto comes_after = [](const Waiting& a, const Waiting& b) {
    return a.each.score == b.each.score ? a.each.number > b.each.number
                                        : a.each.score < b.each.score;
  };
  const auto may_wait = [&](S score) { return score == score && !is_low(score, settings); };
  std::priority_queue<Waiting, std::vector<Waiting>, decltype(comes_after)> queue(comes_after);
  for (Live<A, S>& each : live) {
    each.score = held_score(each.score, settings.rule);
    if (may_wait(each.score)) queue.push({each, 0});
  }
  live.clear();
  for (int64_t turn = 0; !queue.empty() && live.size() < most; ++turn) {
    if (may_end_at(turn)) break;
    Waiting next = queue.top();
    queue.pop();
    const S before = next.each.score;
    for (size_t i = live.size(); i > next.seen && may_wait(next.each.score); --i) {
      next.each.score = lowered_by(live[i - 1].box, next.each, settings);
    }
    next.seen = live.size();
    if (next.each.score == before) {
      live.push_back(next.each);
    } else if (may_wait(next.each.score)) {
      queue.push(next);
    }
  }
}

// Leaves what is selected of all boxes.
template <class A, class S>
void select_plainly(size_t most, std::vector<Live<A, S>>& live, const SoftSettings<S>& settings) {
  switch (settings.rule.selection_order) {
    case SelectionOrder::in_place:
      return select_in_place(0, most, live, settings);
    case SelectionOrder::by_index:
      return select_by_index(most, live, settings);
    default:  // queue
      return select_from_queue(most, live, settings);
  }
}

}  // namespace opsbridge
