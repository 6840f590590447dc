// Candidates of soft suppression, and the blocks that they are sorted into. Host only.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/soft_nms.h"

namespace opsbridge {

template <class A>
struct Candidate {
  Box<A> box;
  A score;
  int64_t row;
};

// The memory of the blocks, which one run after another uses.
template <class A>
class SoftBlockStore {
 public:
  // Selects as far as every score is an ordinary number: afterwards `live` is the array that
  // selecting one after the other would have come to. Returns how many it has selected.
  size_t select(std::vector<Candidate<A>>& live, const SoftSettings<A>& settings);

 private:
  using Number = std::conditional_t<sizeof(A) == 2, float, A>;

  std::vector<Number> numbers_;
  std::vector<int64_t> indices_;
  std::vector<uint64_t> dropped_;
  std::vector<Candidate<A>> arranged_;
};

}  // namespace opsbridge
