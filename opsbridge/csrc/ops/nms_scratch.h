// Memory of one call: frames of a block that each thread keeps. Host only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace opsbridge {

// Gives arrays that live as long as it does, uninitialised and aligned to a cache line. Frames of
// one thread end in the reverse order of their beginning. What a small call needs lies in a block
// that its thread keeps; what does not fit there is allocated for this frame.
class Scratch {
 public:
  Scratch() : kept_(block()), begin_(kept_.used) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    kept_.used = begin_;
    while (large_ != nullptr) {
      Large* next = large_->next;
      std::free(large_);
      large_ = next;
    }
  }

  template <class T>
  T* take(size_t count) {
    if (count > SIZE_MAX / sizeof(T) - 2 * kLine) throw std::bad_alloc();
    const size_t bytes = (count * sizeof(T) + kLine - 1) / kLine * kLine;
    if (kept_.memory == nullptr) kept_.memory.reset(new char[kKeptBytes + kLine]);
    if (bytes > kKeptBytes - kept_.used) return static_cast<T*>(take_large(bytes));
    char* result = aligned(kept_.memory.get()) + kept_.used;
    kept_.used += bytes;
    return reinterpret_cast<T*>(result);
  }

 private:
  static constexpr size_t kLine = 64;
  static constexpr size_t kKeptBytes = size_t(1) << 19;

  struct Block {
    std::unique_ptr<char[]> memory;
    size_t used = 0;
  };
  struct Large {
    Large* next;
  };

  static Block& block() {
    static thread_local Block kept;
    return kept;
  }

  static char* aligned(char* memory) {
    return memory + (kLine - reinterpret_cast<uintptr_t>(memory) % kLine) % kLine;
  }

  void* take_large(size_t bytes) {
    void* memory = std::malloc(bytes + 2 * kLine);
    if (memory == nullptr) throw std::bad_alloc();
    large_ = new (memory) Large{large_};
    return aligned(static_cast<char*>(memory) + sizeof(Large));
  }

  Block& kept_;
  size_t begin_;
  Large* large_ = nullptr;
};

}  // namespace opsbridge
