// Few boxes, or the first ones of many: every pair is tested, then one block decides by the bits.
// Included by ops/nms_cuda.cu only.
#pragma once

#include "ops/nms_candidates_device.h"

namespace opsbridge {

constexpr int64_t kWordBits = 32;
OPSBRIDGE_FN int64_t words_of(int64_t count) { return (count + kWordBits - 1) / kWordBits; }

// words[w * count + i]: which of the 32 boxes from 32 w on come before box i and drop it if they
// are kept. Words of boxes that all come later are not written.
template <class A>
struct FindPairs {
  static constexpr int64_t kRanks = 8;  // of one team
  struct Shared {};
  Candidates<A> all;
  int64_t count;
  uint32_t* words;

  OPSBRIDGE_MEMBER static int64_t parts(int64_t count) {
    return words_of(count) * ((count + kRanks - 1) / kRanks);
  }

  template <class Team>
  OPSBRIDGE_MEMBER void operator()(const Team& team, Shared&, int64_t part) const {
    const int64_t word = part % words_of(count), first = part / words_of(count) * kRanks;
    const int64_t end = first + kRanks < count ? first + kRanks : count;
    for (int64_t rank = first; rank < end; ++rank) {
      if (word * kWordBits > rank) continue;
      const Box<A> own = all.boxes[rank];
      uint32_t bits = 0;
      for (int bit = 0; bit < kWordBits; bit += team.size()) {
        const int64_t other = word * kWordBits + bit + team.lane();
        const bool hits =
            other < rank && all.group(other) == all.group(rank) && all.drops(all.boxes[other], own);
        bits |= team.ballot(hits) << bit;
      }
      if (team.lane() == 0) words[word * count + rank] = bits;
    }
  }
};

// Decides up to kMost boxes, 32 after 32. What the boxes before do to those is looked at by all
// warps at once, each at 32 of them; among themselves only those need an order that one of them
// could drop.
template <class A>
struct ResolvePairs {
  static constexpr int64_t kMost = 2048, kMostWords = kMost / kWordBits;
  struct Shared {
    uint32_t kept[kMostWords], kept_before[kMostWords];
    unsigned dropped[kMostWords];
    uint32_t own[kWordBits];
    unsigned dependent;
  };
  // The bits that a thread looks at next are read before they are needed.
  static constexpr int kMostThreads = Crew::kMostThreads;
  static constexpr int kShare = int(kMost) / kMostThreads;
  struct Share {
    uint32_t words[kShare];
  };
  Candidates<A> all;
  int64_t count;
  const uint32_t* words;
  uint32_t* kept_before;  // by rank
  uint32_t* kept_ranks;   // may be absent, with their number
  uint32_t* kept_count;

  template <class Crew>
  OPSBRIDGE_MEMBER void operator()(const Crew& crew, Shared& shared, int64_t) const {
    const int64_t word_count = words_of(count);
    Share next;
    read_ahead(crew, 0, next);
    for (int64_t word = crew.warp(); word < word_count; word += crew.warps()) {
      shared.dropped[word] = without_candidates(crew, word);
    }
    if (is_first(crew)) shared.dependent = 0;
    crew.wait_for_all();
    for (int64_t word = 0; word < word_count; ++word) {
      look_back(crew, shared, word, next);
      crew.wait_for_all();
      if (is_first(crew)) shared.kept[word] = resolve(shared, word);
      crew.wait_for_all();
    }
    const int thread = crew.warp() * crew.lanes() + crew.lane();
    const int threads = crew.warps() * crew.lanes();
    for (int64_t word = thread; word < word_count; word += threads) {
      uint32_t sum = 0;
      for (int64_t i = 0; i < word; ++i) sum += uint32_t(bits_in(shared.kept[i]));
      shared.kept_before[word] = sum;
    }
    crew.wait_for_all();
    for (int64_t rank = thread; rank < count; rank += threads) finish(shared, rank);
  }

  template <class Crew>
  OPSBRIDGE_MEMBER static bool is_first(const Crew& crew) {
    return crew.warp() == 0 && crew.lane() == 0;
  }

  template <class Crew>
  OPSBRIDGE_MEMBER uint32_t without_candidates(const Crew& crew, int64_t word) const {
    uint32_t bits = 0;
    for (int bit = 0; bit < kWordBits; bit += crew.lanes()) {
      const int64_t rank = word * kWordBits + bit + crew.lane();
      bits |= crew.ballot(rank >= count || all.states[rank] == kDropped) << bit;
    }
    return bits;
  }

  // A share is spread so that a warp has the 32 boxes of a word and one word before them at once.
  template <class Crew>
  OPSBRIDGE_MEMBER static int place_in_share(const Crew& crew, int i) {
    return i * kMostThreads + crew.warp() * crew.lanes() + crew.lane();
  }

  template <class Crew>
  OPSBRIDGE_MEMBER void read_ahead(const Crew& crew, int64_t word, Share& share) const {
    for (int i = 0; i < kShare; ++i) {
      const int place = place_in_share(crew, i);
      const int64_t before = place / kWordBits, rank = word * kWordBits + place % kWordBits;
      share.words[i] = before <= word && rank < count ? words[before * count + rank] : 0;
    }
  }

  template <class Crew>
  OPSBRIDGE_MEMBER void look_back(const Crew& crew, Shared& shared, int64_t word,
                                  Share& share) const {
    const Share now = share;
    read_ahead(crew, word + 1, share);
    for (int i = 0; i < kShare; ++i) {
      const int place = place_in_share(crew, i), bit = place % int(kWordBits);
      const int64_t before = place / kWordBits;
      if (before > word) return;
      if (before == word) shared.own[bit] = now.words[i];
      const uint32_t dropping = before == word ? ~0u : shared.kept[before];
      const unsigned hit = crew.ballot((now.words[i] & dropping) != 0) << (bit - crew.lane());
      unsigned* const to = before == word ? &shared.dependent : &shared.dropped[word];
      if (crew.lane() == 0 && hit != 0) set_bits(to, hit);
    }
  }

  // Which of the 32 are kept; those that no other can drop are at once.
  OPSBRIDGE_MEMBER static uint32_t resolve(Shared& shared, int64_t word) {
    const uint32_t left = ~shared.dropped[word];
    uint32_t kept = left & ~shared.dependent;
    for (uint32_t in_order = left & shared.dependent; in_order != 0; in_order &= in_order - 1) {
      const int bit = lowest_bit(in_order);
      if ((shared.own[bit] & kept) == 0) kept |= 1u << bit;
    }
    shared.dependent = 0;
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
