// The executor that stands in for a GPU in tests: everything in order, on one thread. Included by
// cuda/executor.h only.
#pragma once

#include <vector>

namespace opsbridge {

struct Team {
  int lane() const { return 0; }
  int size() const { return 1; }
  unsigned ballot(bool holds) const { return holds; }
  void sync() const {}
  template <class T>
  T of_lane(T value, int) const {
    return value;
  }
  unsigned sum_up_to(unsigned value) const { return value; }
  int equals_before(unsigned) const { return 0; }
};

struct Block {
  template <class Phase>
  void each(const Phase& phase) const {
    for (int thread = 0; thread < kThreadsPerBlock; ++thread) phase(thread);
  }
};

struct Crew {
  static constexpr int kLanes = 1, kWarps = 1;
  int lane() const { return 0; }
  int lanes() const { return 1; }
  int warp() const { return 0; }
  int warps() const { return 1; }
  void wait_for_all() const {}
  unsigned ballot(bool holds) const { return holds; }
  template <class T>
  T of_lane(T value, int) const {
    return value;
  }
  uint32_t sum(uint32_t value) const { return value; }
  template <class T>
  T largest(T value) const {
    return value;
  }
  uint32_t reserve(uint32_t* end, uint32_t count) const {
    *end += count;
    return *end - count;
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

  int device() const { return 0; }

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
  void each_team(int64_t count, const Body& body) const {
    typename Body::Shared shared;
    for (int64_t i = 0; i < count; ++i) body(Team(), shared, i);
  }

  template <class Body>
  void each_block(int64_t count, const Body& body) const {
    typename Body::Shared shared;
    for (int64_t i = 0; i < count; ++i) body(Block(), shared, i);
  }

  template <class Body>
  void each_crew(int64_t count, int, const Body& body) const {
    typename Body::Shared shared;
    for (int64_t i = 0; i < count; ++i) body(Crew(), shared, i);
  }
};

inline int bits_in(unsigned word) { return __builtin_popcount(word); }
inline int highest_bit(unsigned word) { return 31 - __builtin_clz(word); }
inline int lowest_bit(unsigned word) { return bits_in((word & (0u - word)) - 1); }

inline void lower_word(unsigned long long* word, unsigned long long value) {
  if (value < *word) *word = value;
}
inline void raise_word(unsigned long long* word, unsigned long long value) {
  if (value > *word) *word = value;
}
inline void add_to_word(unsigned long long* word, unsigned long long value) { *word += value; }
inline void tell_host(unsigned long long* word, unsigned long long value) { *word = value; }
inline void set_bits(unsigned* word, unsigned bits) { *word |= bits; }

}  // namespace opsbridge
