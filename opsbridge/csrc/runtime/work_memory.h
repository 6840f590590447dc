// Memory that a kernel works in: reused like that of results, from one block of work to the next.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "runtime/buffer_pool.h"

namespace opsbridge {

// `bytes` bytes that start on a cache line; no data when memory ran out.
class WorkMemory {
 public:
  explicit WorkMemory(size_t bytes) : buffer_(take_buffer(bytes)) {
    if (buffer_.data != nullptr) {
      data_ = static_cast<char*>(buffer_.data);
      return;
    }
    own_ = std::malloc(bytes + kLine);
    if (own_ == nullptr) return;
    data_ = static_cast<char*>(own_);
    data_ += -reinterpret_cast<uintptr_t>(data_) % kLine;
  }
  ~WorkMemory() {
    if (buffer_.data != nullptr) give_back(buffer_);
    std::free(own_);
  }
  WorkMemory(const WorkMemory&) = delete;
  WorkMemory& operator=(const WorkMemory&) = delete;

  char* data() const { return data_; }

 private:
  static constexpr size_t kLine = 64;

  Buffer buffer_;
  void* own_ = nullptr;
  char* data_ = nullptr;
};

}  // namespace opsbridge
