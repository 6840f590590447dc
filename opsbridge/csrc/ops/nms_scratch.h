// Memory of one call: frames of a block that each thread keeps. Host only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "runtime/buffer_pool.h"

namespace opsbridge {

// Gives arrays that live as long as it does, uninitialised and aligned to a cache line. Frames of
// one thread end in the reverse order of their beginning. What a small call needs lies in a block
// that its thread keeps; what does not fit there lies in pieces of pooled memory, which the next
// call finds in place: the faults of fresh pages would take a quarter of the time of a large call.
class Scratch {
 public:
  Scratch() : kept_(block()), begin_(kept_.used) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    kept_.used = begin_;
    while (pieces_ != nullptr) {
      const Piece piece = *pieces_;
      if (piece.pooled.data != nullptr) {
        give_back(piece.pooled);
      } else {
        std::free(pieces_);
      }
      pieces_ = piece.next;
    }
  }

  template <class T>
  T* take(size_t count) {
    if (count > SIZE_MAX / sizeof(T) - 4 * kLine) throw std::bad_alloc();
    const size_t bytes = (count * sizeof(T) + kLine - 1) / kLine * kLine;
    if (kept_.memory == nullptr) kept_.memory.reset(new char[kKeptBytes + kLine]);
    if (bytes > kKeptBytes - kept_.used) return static_cast<T*>(take_from_piece(bytes));
    char* result = aligned(kept_.memory.get()) + kept_.used;
    kept_.used += bytes;
    return reinterpret_cast<T*>(result);
  }

 private:
  static constexpr size_t kLine = 64;
  static constexpr size_t kKeptBytes = size_t(1) << 19;
  static constexpr size_t kPieceBytes = size_t(1) << 20;

  struct Block {
    std::unique_ptr<char[]> memory;
    size_t used = 0;
  };
  // Stands at the beginning of its memory.
  struct Piece {
    Piece* next;
    Buffer pooled;  // no data: the memory is the allocator's
  };

  static Block& block() {
    static thread_local Block kept;
    return kept;
  }

  static char* aligned(char* memory) {
    return memory + (kLine - reinterpret_cast<uintptr_t>(memory) % kLine) % kLine;
  }

  void* take_from_piece(size_t bytes) {
    if (bytes > left_) open_piece(bytes);
    char* result = next_;
    next_ += bytes;
    left_ -= bytes;
    return result;
  }

  void open_piece(size_t bytes) {
    const size_t size = std::max(bytes + 2 * kLine, kPieceBytes);
    const Buffer pooled = take_buffer(size);
    void* memory = pooled.data != nullptr ? pooled.data : std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc();
    pieces_ = new (memory) Piece{pieces_, pooled};
    next_ = aligned(static_cast<char*>(memory) + sizeof(Piece));
    left_ = size_t(static_cast<char*>(memory) + size - next_) / kLine * kLine;
  }

  Block& kept_;
  size_t begin_;
  Piece* pieces_ = nullptr;
  char* next_ = nullptr;  // in the newest piece
  size_t left_ = 0;
};

}  // namespace opsbridge
