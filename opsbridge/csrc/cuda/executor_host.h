// The executor that stands in for a GPU in tests: everything in order, on one thread. Included by
// cuda/executor.h only.
#pragma once

#include <vector>

namespace opsbridge {

struct Team {
  int lane() const { return 0; }
  int size() const { return 1; }
  unsigned ballot(bool holds) const { return holds; }
};

struct Block {
  int threads = kThreadsPerBlock;
  template <class Phase>
  void each(const Phase& phase) const {
    for (int thread = 0; thread < threads; ++thread) phase(thread);
  }
};

template <class T>
struct PerThread {
  std::vector<T> values = std::vector<T>(kThreadsPerBlock);
  T& operator[](int thread) { return values[size_t(thread)]; }
};

class Executor {
 public:
  Executor(int, void*) {}

  void fill_bytes(void* memory, int value, int64_t bytes) const {
    std::memset(memory, value, static_cast<size_t>(bytes));
  }

  template <class Body>
  void each(int64_t count, const Body& body) const {
    for (int64_t i = 0; i < count; ++i) body(i);
  }

  template <class Body>
  void each_in_order(int64_t count, unsigned long long*, const Body& body) const {
    for (int64_t i = 0; i < count; ++i) body(Team(), i);
  }

  template <class Body>
  void each_block(int64_t count, const Body& body) const {
    typename Body::Shared shared;
    for (int64_t i = 0; i < count; ++i) body(Block(), shared, i);
  }

  template <class Body>
  void one_block(const Body& body) const {
    typename Body::Shared shared;
    body(Block{kThreadsOfOneBlock}, shared, 0);
  }
};

inline int bits_in(unsigned word) { return __builtin_popcount(word); }
inline int lowest_bit(unsigned word) { return bits_in((word & (0u - word)) - 1); }

inline void lower_word(unsigned long long* word, unsigned long long value) {
  if (value < *word) *word = value;
}
inline void raise_word(unsigned long long* word, unsigned long long value) {
  if (value > *word) *word = value;
}
inline void set_bits(unsigned* word, unsigned bits) { *word |= bits; }

}  // namespace opsbridge
