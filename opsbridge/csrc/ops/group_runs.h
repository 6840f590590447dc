// Candidates cut into runs that do not compete with each other: one per group.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

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

inline Runs runs_of(const BoxRows& rows, const std::vector<int64_t>& ranked) {
  return rows.groups.dtype == Dtype::int64 ? runs_by_group<int64_t>(rows, ranked)
                                           : runs_by_group<double>(rows, ranked);
}

}  // namespace opsbridge
