// The order of some thousand keys: chunks of them are sorted by a block each, and then every key
// looks up in all other chunks how many come before it. These are two launches, where a sort by
// digits is a dozen.
#pragma once

#include "cuda/counted_order.h"
#include "cuda/executor.h"
#include "cuda/workspace.h"
#include "opsbridge/numeric.h"

namespace opsbridge {

// Above, the lookups take longer than the launches.
constexpr int64_t kMostInChunks = 32768;
constexpr int kChunk = 1024;

template <class Key>
struct SortedChunks {
  Key* keys;
  uint32_t* items;
  int64_t count;

  static SortedChunks take(Workspace& workspace, int64_t count) {
    Key* keys = workspace.take<Key>(count);
    return SortedChunks{keys, workspace.take<uint32_t>(count), count};
  }
  OPSBRIDGE_MEMBER int64_t chunks() const { return (count + kChunk - 1) / kChunk; }
};

// A block sorts a chunk by a bitonic network, in which equal keys are told apart by their items.
// What is behind the last item comes after all of them.
template <class Source>
struct SortChunk {
  using Key = typename Source::Key;
  struct Shared {
    Key keys[kChunk];
    uint32_t items[kChunk];
  };
  Source source;
  SortedChunks<Key> sorted;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t chunk) const {
    const int64_t first = chunk * kChunk;
    block.each([&](int thread) {
      for (int i = thread; i < kChunk; i += kThreadsPerBlock) {
        const int64_t item = first + i;
        shared.keys[i] = item < sorted.count ? source.key(item) : Key(~Key(0));
        shared.items[i] = static_cast<uint32_t>(item);
      }
    });
    for (int run = 2; run <= kChunk; run *= 2) {
      for (int step = run / 2; step > 0; step /= 2) {
        block.each([&](int thread) {
          for (int pair = thread; pair < kChunk / 2; pair += kThreadsPerBlock) {
            const int low = 2 * pair - (pair & (step - 1));
            put_in_order(shared, low, low + step, (low & run) == 0);
          }
        });
      }
    }
    block.each([&](int thread) {
      for (int i = thread; i < kChunk && first + i < sorted.count; i += kThreadsPerBlock) {
        sorted.keys[first + i] = shared.keys[i];
        sorted.items[first + i] = shared.items[i];
      }
    });
  }

  OPSBRIDGE_MEMBER static void put_in_order(Shared& shared, int a, int b, bool upwards) {
    const Key key = shared.keys[a], other = shared.keys[b];
    const uint32_t item = shared.items[a], other_item = shared.items[b];
    const bool is_after = other < key || (other == key && other_item < item);
    if (is_after != upwards) return;
    shared.keys[a] = other;
    shared.keys[b] = key;
    shared.items[a] = other_item;
    shared.items[b] = item;
  }
};

// Takes every item to its place.
template <class Source>
struct PlaceByLookup {
  using Key = typename Source::Key;
  Source source;
  SortedChunks<Key> sorted;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const Key key = sorted.keys[i];
    const int64_t own = i / kChunk, chunks = sorted.chunks();
    int64_t place = i % kChunk;
    for (int64_t chunk = 0; chunk < own; ++chunk) place += come_before(chunk, key, true);
    for (int64_t chunk = own + 1; chunk < chunks; ++chunk) place += come_before(chunk, key, false);
    source.put(place, sorted.items[i], key);
  }

  // Equal keys come before if they are in an earlier chunk. As many steps for every key keep
  // neighbours together.
  OPSBRIDGE_MEMBER uint32_t come_before(int64_t chunk, Key key, bool is_earlier) const {
    const int64_t first = chunk * kChunk;
    const uint32_t size = static_cast<uint32_t>(smaller(sorted.count - first, int64_t(kChunk)));
    const Key* keys = sorted.keys + first;
    uint32_t before = 0;
    for (uint32_t step = kChunk; step > 0; step /= 2) {
      const uint32_t next = before + step;
      if (next > size) continue;
      const Key other = keys[next - 1];
      if (other < key || (is_earlier && other == key)) before = next;
    }
    return before;
  }
};

// Takes items to their places by the order of their keys, equal ones in order. `Source` has key()
// and put().
template <class Source>
void place_in_order(const Executor& on, Workspace& workspace, const Source& source, int64_t count) {
  if (count <= kMostCounted) {
    using Place = PlaceByCounting<Source>;
    if (!workspace.is_counting()) on.each_block(Place::parts(count), Place{source, count});
    return;
  }
  const auto sorted = SortedChunks<typename Source::Key>::take(workspace, count);
  if (workspace.is_counting()) return;
  on.each_block(sorted.chunks(), SortChunk<Source>{source, sorted});
  on.each(count, PlaceByLookup<Source>{source, sorted});
}

}  // namespace opsbridge
