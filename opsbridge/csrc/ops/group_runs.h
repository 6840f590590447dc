// Candidates cut into runs that do not compete with each other: one per group, or one for all.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/candidate_order.h"
#include "ops/grouped_rows.h"

namespace opsbridge {

struct Runs {
  std::vector<int64_t> rows;  // best first inside each run
  std::vector<size_t> ends;
};

template <class G>
Runs runs_by_group(const BoxRows& rows, const std::vector<int64_t>& ranked) {
  std::vector<std::pair<G, int64_t>> keyed;
  keyed.reserve(ranked.size());
  for (int64_t row : ranked) keyed.emplace_back(read<G>(rows.groups, row), row);
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Runs runs;
  runs.rows.reserve(keyed.size());
  for (size_t i = 0; i < keyed.size(); ++i) {
    if (i > 0 && keyed[i].first != keyed[i - 1].first) runs.ends.push_back(i);
    runs.rows.push_back(keyed[i].second);
  }
  if (!keyed.empty()) runs.ends.push_back(keyed.size());
  return runs;
}

// The runs of candidates that are ranked already. Sorting a part of the candidates by itself can
// order its equal scores otherwise than sorting them all, and each group is sorted by itself.
template <class T>
Runs runs_of(const BoxRows& rows, bool is_exact, const std::vector<int64_t>& ranked,
             const T* scores, Order order) {
  if (!is_exact) return Runs{ranked, {ranked.size()}};
  Runs runs = rows.groups.dtype == Dtype::int64 ? runs_by_group<int64_t>(rows, ranked)
                                                : runs_by_group<double>(rows, ranked);
  if (order != Order::introsort && order != Order::bitonic) return runs;
  size_t begin = 0;
  for (size_t end : runs.ends) {
    std::vector<int64_t> run(runs.rows.begin() + begin, runs.rows.begin() + end);
    std::sort(run.begin(), run.end());
    sort_candidates(run, scores, order);
    std::copy(run.begin(), run.end(), runs.rows.begin() + begin);
    begin = end;
  }
  return runs;
}

}  // namespace opsbridge
