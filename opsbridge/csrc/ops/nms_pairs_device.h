// Few boxes, or the first ones of many: every pair is tested, then one block decides by the bits.
// Included by ops/nms_cuda.cu only.
#pragma once

#include "ops/nms_outputs_device.h"

namespace opsbridge {

constexpr int64_t kWordBits = 32;
OPSBRIDGE_FN int64_t words_of(int64_t count) { return (count + kWordBits - 1) / kWordBits; }

// words[w * count + i]: which of the 32 boxes from 32 w on come before box i and drop it if they
// are kept. Words of boxes that all come later are not written.
template <class A>
struct FindPairs {
  static constexpr int kRanks = 8;  // of one team
  struct Shared {};
  Candidates<A> all;
  int64_t count;
  uint32_t* words;

  OPSBRIDGE_MEMBER static int64_t parts(int64_t count) {
    return words_of(count) * ((count + kRanks - 1) / kRanks);
  }

  template <class Team>
  OPSBRIDGE_MEMBER void operator()(const Team& team, Shared&, int64_t part) const {
    const Division at = divided(part, words_of(count));
    const int64_t word = at.remainder, first = at.quotient * kRanks;
    const int64_t last = smaller(first + kRanks, count) - 1;
    if (word * kWordBits > last) return;
    uint32_t bits[kRanks] = {};
    for (int bit = 0; bit < kWordBits; bit += team.size()) {
      const int64_t other = word * kWordBits + bit + team.lane();
      const int64_t read = smaller(other, count - 1);
      const Box<A> box = all.boxes[read];
      const uint64_t group = all.group(read);
      for (int i = 0; i < kRanks; ++i) {
        const int64_t rank = smaller(first + i, last);
        const bool hits =
            other < rank && group == all.group(rank) && all.drops(box, all.boxes[rank]);
        bits[i] |= team.ballot(hits) << bit;
      }
    }
    for (int i = 0; i < kRanks; ++i) {
      if (team.lane() == i % team.size() && first + i <= last) {
        words[word * count + first + i] = bits[i];
      }
    }
  }
};

// Which boxes are kept, as a block knows it in the end.
struct KeptBits {
  const uint32_t* words;
  const uint32_t* before;  // each word

  OPSBRIDGE_MEMBER bool has(int64_t rank) const {
    return ((words[rank / kWordBits] >> (rank % kWordBits)) & 1) != 0;
  }
  OPSBRIDGE_MEMBER int64_t place(int64_t rank) const {
    const int64_t word = rank / kWordBits;
    return before[word] + bits_in(words[word] & ((1u << (rank % kWordBits)) - 1));
  }
  OPSBRIDGE_MEMBER int64_t count(int64_t boxes) const {
    return boxes == 0 ? 0 : place(boxes - 1) + has(boxes - 1);
  }
};

// Decides up to kMost boxes, 32 after 32. Each thread has some boxes, and a warp those of a word;
// when it is the turn of a word, its warp knows which of its boxes no kept one before them drops,
// finds the kept ones of them, and tells all others, which then know as much about theirs. `End`
// writes what was decided.
template <class A, class End>
struct ResolvePairs {
  static constexpr int64_t kMost = 2048, kMostWords = kMost / kWordBits;
  static constexpr int kAhead = 4;  // words that are read before it is their turn
  struct Shared {
    uint32_t kept[kMostWords], before[kMostWords];
    typename End::Shared end;
  };
  // What a thread knows of its boxes.
  template <class Crew>
  struct Own {
    static constexpr int kParts = int(kWordBits) / Crew::kLanes;
    static constexpr int kBoxes = int(kMost) / (Crew::kWarps * Crew::kLanes);
    bool is_left[kBoxes];
    uint32_t ahead[kBoxes][kAhead];  // which boxes of the next words drop it
  };
  Candidates<A> all;
  int64_t count;
  const uint32_t* words;
  End end;

  template <class Crew>
  OPSBRIDGE_MEMBER void operator()(const Crew& crew, Shared& shared, int64_t) const {
    const int64_t word_count = words_of(count);
    Own<Crew> own;
    for (int i = 0; i < Own<Crew>::kBoxes; ++i) {
      const int64_t rank = rank_of(crew, i);
      own.is_left[i] = rank < count && all.states[rank] != kDropped;
      for (int k = 0; k < kAhead; ++k) own.ahead[i][k] = droppers(rank, k);
    }
    for (int64_t first = 0; first < word_count; first += kAhead) {
      for (int k = 0; k < kAhead; ++k) {
        if (first + k < word_count) take_turn(crew, shared, first + k, k, own);
      }
    }
    const int thread = crew.warp() * crew.lanes() + crew.lane();
    for (int64_t word = thread; word < word_count; word += crew.warps() * crew.lanes()) {
      uint32_t sum = 0;
      for (int64_t i = 0; i < word; ++i) sum += uint32_t(bits_in(shared.kept[i]));
      shared.before[word] = sum;
    }
    crew.wait_for_all();
    end(crew, shared.end, KeptBits{shared.kept, shared.before}, count);
  }

  template <class Crew>
  OPSBRIDGE_MEMBER static int64_t rank_of(const Crew& crew, int box) {
    const int part = box % Own<Crew>::kParts;
    const int64_t word = box / Own<Crew>::kParts * crew.warps() + crew.warp();
    return word * kWordBits + part * crew.lanes() + crew.lane();
  }

  OPSBRIDGE_MEMBER uint32_t droppers(int64_t rank, int64_t word) const {
    return rank < count && word * kWordBits <= rank ? words[word * count + rank] : 0;
  }

  template <class Crew>
  OPSBRIDGE_MEMBER void take_turn(const Crew& crew, Shared& shared, int64_t word, int k,
                                  Own<Crew>& own) const {
    constexpr int kParts = Own<Crew>::kParts;
    for (int i = 0; i < Own<Crew>::kBoxes; i += kParts) {
      if (rank_of(crew, i) / kWordBits != word) continue;
      const uint32_t kept = kept_among(crew, own, i, k);
      if (crew.lane() == 0) shared.kept[word] = kept;
    }
    crew.wait_for_all();
    const uint32_t kept = shared.kept[word];
    for (int i = 0; i < Own<Crew>::kBoxes; ++i) {
      own.is_left[i] = own.is_left[i] && (own.ahead[i][k] & kept) == 0;
      own.ahead[i][k] = droppers(rank_of(crew, i), word + kAhead);
    }
  }

  // Of the boxes of a word that nothing before them drops, those that no kept one of them drops. In
  // each turn those stay that no other one left could drop, and what they drop goes.
  template <class Crew>
  OPSBRIDGE_MEMBER static uint32_t kept_among(const Crew& crew, const Own<Crew>& own, int first,
                                              int k) {
    constexpr int kParts = Own<Crew>::kParts;
    uint32_t left = 0, kept = 0;
    for (int part = 0; part < kParts; ++part) {
      left |= crew.ballot(own.is_left[first + part]) << (part * crew.lanes());
    }
    while (left != 0) {
      uint32_t stay = 0, go = 0;
      for (int part = 0; part < kParts; ++part) {
        const int bit = part * crew.lanes() + crew.lane();
        const bool is_free = (own.ahead[first + part][k] & left) == 0;
        stay |= crew.ballot(((left >> bit) & 1) != 0 && is_free) << (part * crew.lanes());
      }
      kept |= stay;
      if (stay == left) break;
      for (int part = 0; part < kParts; ++part) {
        const bool is_hit = (own.ahead[first + part][k] & stay) != 0;
        go |= crew.ballot(is_hit) << (part * crew.lanes());
      }
      left &= ~(stay | go);
    }
    return kept;
  }
};

// Of the first boxes of many: states and the ranks of kept ones.
template <class A>
struct KeepHead {
  struct Shared {};
  Candidates<A> all;
  uint32_t* kept_ranks;
  uint32_t* kept_count;

  template <class Crew>
  OPSBRIDGE_MEMBER void operator()(const Crew& crew, Shared&, const KeptBits& kept,
                                   int64_t count) const {
    const int first = crew.warp() * crew.lanes() + crew.lane();
    if (first == 0) *kept_count = static_cast<uint32_t>(kept.count(count));
    for (int64_t rank = first; rank < count; rank += crew.warps() * crew.lanes()) {
      all.states[rank] = kept.has(rank) ? kKept : kDropped;
      if (kept.has(rank)) kept_ranks[kept.place(rank)] = static_cast<uint32_t>(rank);
    }
  }
};

// Of all boxes: the results.
template <class T>
struct WriteFew {
  static constexpr int64_t kMostWords = 64;
  struct Shared {
    unsigned rows[kMostWords];  // bits of kept ones
  };
  Outputs<T> out;
  bool is_by_row;

  template <class Crew>
  OPSBRIDGE_MEMBER void operator()(const Crew& crew, Shared& shared, const KeptBits& kept,
                                   int64_t count) const {
    const int first = crew.warp() * crew.lanes() + crew.lane();
    const int step = crew.warps() * crew.lanes();
    const int64_t kept_count = kept.count(count);
    for (int64_t word = first; is_by_row && word < words_of(count); word += step) {
      shared.rows[word] = 0;
    }
    if (is_by_row) crew.wait_for_all();
    for (int64_t rank = first; rank < count; rank += step) {
      const int64_t row = out.ranked[rank];
      const bool stays = out.stays(kept.has(rank), kept.place(rank));
      out.write_rank(rank, stays);
      if (!stays) continue;
      if (is_by_row) {
        set_bits(&shared.rows[row / kWordBits], 1u << (row % kWordBits));
      } else {
        out.write_kept(kept.place(rank), row);
      }
    }
    for (int64_t place = first; place < out.padded(); place += step) out.pad(place, kept_count);
    if (is_by_row) write_by_row(crew, shared, count);
    if (first == 0) out.tell(kept_count);
  }

  template <class Crew>
  OPSBRIDGE_MEMBER void write_by_row(const Crew& crew, const Shared& shared, int64_t count) const {
    crew.wait_for_all();
    const int64_t step = crew.warps() * crew.lanes();
    for (int64_t row = crew.warp() * crew.lanes() + crew.lane(); row < count; row += step) {
      const unsigned own = shared.rows[row / kWordBits], bit = 1u << (row % kWordBits);
      if ((own & bit) == 0) continue;
      int64_t place = bits_in(own & (bit - 1));
      for (int64_t word = 0; word < row / kWordBits; ++word) place += bits_in(shared.rows[word]);
      out.write_kept(place, row);
    }
  }
};

}  // namespace opsbridge
