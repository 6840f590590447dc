// How much memory calls take: a function of everything but the values in the tensors, and of where
// these begin within a cache line.
#pragma once

#include <string>
#include <unordered_map>

#include "binding/arguments.h"

namespace opsbridge {

// The sizes of one operator.
class KnownSizes {
 public:
  // Calls count() where it is not known.
  template <class Count>
  int64_t of(const Arguments& call, const Count& count) {
    key_.clear();
    call.describe(key_);
    const auto known = sizes_.find(key_);
    if (known != sizes_.end()) return known->second;
    const int64_t size = count();
    if (sizes_.size() >= kMost) sizes_.clear();
    sizes_.emplace(key_, size);
    return size;
  }

 private:
  static constexpr size_t kMost = 256;
  std::string key_;
  std::unordered_map<std::string, int64_t> sizes_;
};

}  // namespace opsbridge
