// Memory of the caller's framework, handed out piece by piece; or none, when bytes are counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace opsbridge {

class Workspace {
 public:
  Workspace() : is_counting_(true) {}
  Workspace(void* memory, int64_t bytes) : memory_(static_cast<char*>(memory)), bytes_(bytes) {}

  // Room for `count` values, aligned as CUB asks for.
  template <class T>
  T* take(int64_t count) {
    const int64_t begin = used_;
    used_ += (count * static_cast<int64_t>(sizeof(T)) + kAlignment - 1) / kAlignment * kAlignment;
    if (is_counting_) return nullptr;
    if (used_ > bytes_) throw std::logic_error("the workspace is too small");
    return reinterpret_cast<T*>(memory_ + begin);
  }

  bool is_counting() const { return is_counting_; }
  int64_t used() const { return used_; }

 private:
  static constexpr int64_t kAlignment = 256;
  bool is_counting_ = false;
  char* memory_ = nullptr;
  int64_t bytes_ = 0;
  int64_t used_ = 0;
};

}  // namespace opsbridge
