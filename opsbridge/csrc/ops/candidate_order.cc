#include "ops/candidate_order.h"

#include <algorithm>
#include <utility>

#include "ops/radix_order.h"
#include "opsbridge/numeric.h"

namespace opsbridge {
namespace {

// Descending, NaN before everything.
template <class T>
bool ranks_before(T a, T b) {
  return a > b || (is_nan(a) && !is_nan(b));
}

template <class T>
void sort_stable(std::vector<int64_t>& candidates, const T* scores) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [scores](int64_t a, int64_t b) { return ranks_before(scores[a], scores[b]); });
}

// torch's unstable CPU sort: libstdc++'s std::sort on (score, index) pairs. The order of equal
// scores is the algorithm's, so this must stay std::sort and must move pairs, not indices.
template <class T>
void sort_unstable(std::vector<int64_t>& candidates, const T* scores) {
  std::vector<std::pair<T, int64_t>> pairs;
  pairs.reserve(candidates.size());
  for (int64_t index : candidates) pairs.emplace_back(scores[index], index);
  std::sort(pairs.begin(), pairs.end(),
            [](const auto& a, const auto& b) { return ranks_before(a.first, b.first); });
  for (size_t i = 0; i < pairs.size(); ++i) candidates[i] = pairs[i].second;
}

// MindSpore: an ascending bitonic network over the next power of two, read backwards. Its padding
// equals the largest finite score and can enter the result; ours is above every score and cannot.
// Keys fall when scores rise, and no branch depends on them.
template <class T>
void sort_bitonic(std::vector<int64_t>& candidates, const T* scores) {
  const size_t count = candidates.size();
  size_t width = 1;
  while (width < count) width *= 2;
  constexpr uint64_t kPadding = 0;
  std::vector<uint64_t> keys(width, kPadding);
  for (size_t i = 0; i < count; ++i) {
    keys[i] = uint64_t(descending_key(scores[candidates[i]])) + 1;
  }
  std::vector<int64_t> network(candidates);
  network.resize(width, -1);
  for (size_t block = 2; block <= width; block *= 2) {
    for (size_t distance = block / 2; distance > 0; distance /= 2) {
      for (size_t base = 0; base < width; base += 2 * distance) {
        const bool ascending = (base & block) == 0;
        for (size_t i = base; i < base + distance; ++i) {
          const size_t partner = i + distance;
          const uint64_t key = keys[i], partner_key = keys[partner];
          const int64_t row = network[i], partner_row = network[partner];
          const bool wrong = ascending ? key < partner_key : partner_key < key;
          keys[i] = wrong ? partner_key : key;
          keys[partner] = wrong ? key : partner_key;
          network[i] = wrong ? partner_row : row;
          network[partner] = wrong ? row : partner_row;
        }
      }
    }
  }
  std::reverse_copy(network.begin(), network.begin() + count, candidates.begin());
}

}  // namespace

template <class T>
void sort_candidates(std::vector<int64_t>& candidates, const T* scores, Order order) {
  switch (order) {
    case Order::stable:
      return sort_stable(candidates, scores);
    case Order::introsort:
      return sort_unstable(candidates, scores);
    case Order::bitonic:
      return sort_bitonic(candidates, scores);
    case Order::given:
      return;
  }
}

template void sort_candidates(std::vector<int64_t>&, const Half*, Order);
template void sort_candidates(std::vector<int64_t>&, const BrainFloat*, Order);
template void sort_candidates(std::vector<int64_t>&, const float*, Order);
template void sort_candidates(std::vector<int64_t>&, const double*, Order);

}  // namespace opsbridge
