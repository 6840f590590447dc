// Few boxes, or the first ones of many: every pair is tested, then one block decides by the bits.
// Included by ops/nms_cuda.cu only.
#pragma once

#include "ops/nms_candidates_device.h"

namespace opsbridge {

constexpr int64_t kWordBits = 32;

// words[w * count + i]: which of the 32 boxes from 32 w on come before box i and drop it if they
// are kept. Words of boxes that all come later are not written.
template <class A>
struct FindPairs {
  struct Shared {
    Box<A> others[kWordBits];
    uint64_t groups[kWordBits];
  };
  Candidates<A> all;
  int64_t count;
  uint32_t* words;

  OPSBRIDGE_MEMBER static int64_t parts(int64_t count) {
    return words_of(count) * ((count + kThreadsPerBlock - 1) / kThreadsPerBlock);
  }
  OPSBRIDGE_MEMBER static int64_t words_of(int64_t count) {
    return (count + kWordBits - 1) / kWordBits;
  }

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t part) const {
    const int64_t word = part % words_of(count), first = part / words_of(count) * kThreadsPerBlock;
    const int64_t before = word * kWordBits;
    if (before >= first + kThreadsPerBlock) return;
    block.each([&](int thread) {
      if (thread >= kWordBits || before + thread >= count) return;
      shared.others[thread] = all.boxes[before + thread];
      shared.groups[thread] = all.group(before + thread);
    });
    block.each([&](int thread) {
      const int64_t own = first + thread;
      if (own >= count || before > own) return;
      const Box<A> box = all.boxes[own];
      const uint64_t group = all.group(own);
      const int64_t others = own - before < kWordBits ? own - before : kWordBits;
      uint32_t bits = 0;
      for (int64_t i = 0; i < others; ++i) {
        if (shared.groups[i] == group && all.drops(shared.others[i], box)) bits |= 1u << i;
      }
      words[word * count + own] = bits;
    });
  }
};

// Decides up to kMost boxes, 32 after 32. What the boxes before do to those is looked at by many
// threads at once; among themselves only those need an order that one of them could drop.
template <class A>
struct ResolvePairs {
  static constexpr int64_t kMost = 2048, kMostWords = kMost / kWordBits;
  struct Shared {
    uint32_t kept[kMostWords], kept_before[kMostWords];
    uint32_t own[kWordBits];
    unsigned dropped, dependent;
  };
  Candidates<A> all;
  int64_t count;
  const uint32_t* words;
  uint32_t* kept_before;  // by rank
  uint32_t* kept_ranks;   // may be absent, with their number
  uint32_t* kept_count;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t) const {
    const int64_t word_count = FindPairs<A>::words_of(count);
    block.each([&](int thread) {
      if (thread == 0) shared.dropped = shared.dependent = 0;
    });
    for (int64_t word = 0; word < word_count; ++word) {
      block.each([&](int thread) { look_back(shared, word, thread); });
      block.each([&](int thread) {
        if (thread == 0) shared.kept[word] = resolve(shared);
      });
    }
    block.each([&](int thread) {
      for (int64_t word = thread; word < word_count; word += kThreadsOfOneBlock) {
        uint32_t sum = 0;
        for (int64_t i = 0; i < word; ++i) sum += uint32_t(bits_in(shared.kept[i]));
        shared.kept_before[word] = sum;
      }
    });
    block.each([&](int thread) {
      for (int64_t rank = thread; rank < count; rank += kThreadsOfOneBlock) finish(shared, rank);
    });
  }

  OPSBRIDGE_MEMBER void look_back(Shared& shared, int64_t word, int thread) const {
    const int bit = thread % int(kWordBits);
    const int64_t rank = word * kWordBits + bit;
    if (rank >= count) {
      if (thread < kWordBits) set_bits(&shared.dropped, 1u << bit);
      return;
    }
    bool is_dropped = thread < kWordBits && all.states[rank] == kDropped;
    for (int64_t before = thread / kWordBits; before < word;
         before += kThreadsOfOneBlock / kWordBits) {
      is_dropped |= (words[before * count + rank] & shared.kept[before]) != 0;
    }
    if (is_dropped) set_bits(&shared.dropped, 1u << bit);
    if (thread < kWordBits) {
      shared.own[bit] = words[word * count + rank];
      if (shared.own[bit] != 0) set_bits(&shared.dependent, 1u << bit);
    }
  }

  // Which of the 32 are kept; those that no other can drop are at once.
  OPSBRIDGE_MEMBER static uint32_t resolve(Shared& shared) {
    uint32_t kept = ~shared.dropped & ~shared.dependent;
    for (uint32_t left = ~shared.dropped & shared.dependent; left != 0; left &= left - 1) {
      const int bit = lowest_bit(left);
      if ((shared.own[bit] & kept) == 0) kept |= 1u << bit;
    }
    shared.dropped = shared.dependent = 0;
    return kept;
  }

  OPSBRIDGE_MEMBER void finish(const Shared& shared, int64_t rank) const {
    const int64_t word = rank / kWordBits;
    const int bit = int(rank % kWordBits);
    const uint32_t kept = shared.kept[word];
    const bool is_kept = ((kept >> bit) & 1) != 0;
    const uint32_t before = shared.kept_before[word] + uint32_t(bits_in(kept & ((1u << bit) - 1)));
    all.states[rank] = is_kept ? kKept : kDropped;
    kept_before[rank] = before;
    if (kept_ranks == nullptr) return;
    if (is_kept) kept_ranks[before] = uint32_t(rank);
    if (rank + 1 == count) *kept_count = before + is_kept;
  }
};

}  // namespace opsbridge
