// A block of channels, one cache line a pixel: the planes of 16 channels (8 in double) turned into
// pixels of 16 lanes, and back. A kernel then reads or writes one position of all of them with one
// access, and every channel keeps its own order of operations. Once per level, host only.
#pragma once

#include <cstddef>
#include <utility>

#include "ops/narrow_lanes.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {

constexpr int kPixelBytes = 64;

// A 16-bit float is widened once, when it enters the block.
template <class S>
constexpr int kBlockChannels = kPixelBytes / int(sizeof(LaneOf<S>));

// ---- square tiles

#if defined(__clang__)
#define OPSBRIDGE_SHUFFLE(a, b, index, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define OPSBRIDGE_SHUFFLE(a, b, index, ...) __builtin_shuffle(a, b, index{__VA_ARGS__})
#endif

template <class N>
struct LaneIndex {
  using Type = int32_t;
};
template <>
struct LaneIndex<double> {
  using Type = int64_t;
};
template <>
struct LaneIndex<int64_t> {
  using Type = int64_t;
};

// Lanes of a and b in turn: a[first], b[first], a[first + 1], b[first + 1] ...
template <int first, class N, size_t... lane>
OPSBRIDGE_FN Vector<N> interleave(Vector<N> a, Vector<N> b, std::index_sequence<lane...>) {
  using Index = Vector<typename LaneIndex<N>::Type>;
  (void)sizeof(Index);
  return OPSBRIDGE_SHUFFLE(a, b, Index, (first + int(lane) / 2 + int(lane) % 2 * kLanes<N>)...);
}

// Rows become columns. Each round is a perfect shuffle of all numbers (row i with row i + n/2, lane
// by lane); log2(n) of them exchange the two halves of every number's position.
template <class N>
OPSBRIDGE_FN void transpose(Vector<N> (&rows)[kLanes<N>]) {
  constexpr int n = kLanes<N>;
  using Lanes = std::make_index_sequence<size_t(n)>;
#pragma GCC unroll 4
  for (int round = 1; round < n; round *= 2) {
    Vector<N> shuffled[n];
#pragma GCC unroll 16
    for (int i = 0; i < n / 2; ++i) {
      shuffled[2 * i] = interleave<0, N>(rows[i], rows[i + n / 2], Lanes());
      shuffled[2 * i + 1] = interleave<n / 2, N>(rows[i], rows[i + n / 2], Lanes());
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) rows[i] = shuffled[i];
  }
}

// ---- runs of pixels

// Channels of a tensor of S whose pixels lie `pixel_stride` apart.
template <class S>
struct ChannelRun {
  S* origin;
  int64_t channel_stride, pixel_stride;
  int channels;
};

template <class S>
OPSBRIDGE_FN void read_pixels_one_by_one(const ChannelRun<const S>& run, int64_t first,
                                         int64_t last, LaneOf<S>* block) {
  for (int64_t pixel = first; pixel < last; ++pixel) {
    const S* from = run.origin + pixel * run.pixel_stride;
    LaneOf<S>* to = block + pixel * kBlockChannels<S>;
    for (int lane = 0; lane < kBlockChannels<S>; ++lane) {
      to[lane] = lane < run.channels ? LaneOf<S>(from[lane * run.channel_stride]) : LaneOf<S>(0);
    }
  }
}

// Reads a run of at least one tile, from `has_all` channels of a block or fewer.
template <bool has_all, class S>
OPSBRIDGE_FN void read_tiles(const ChannelRun<const S>& run, int64_t pixels, LaneOf<S>* block) {
  using N = LaneOf<S>;
  constexpr int n = kLanes<N>, lanes = kBlockChannels<S>;
  for (int64_t next = 0; next < pixels; next += n) {
    // The last tile ends with the run: it reads some pixels twice rather than any beyond.
    const int64_t pixel = next <= pixels - n ? next : pixels - n;
    for (int lane = 0; lane < lanes; lane += n) {
      Vector<N> tile[n];
      const S* from = run.origin + lane * run.channel_stride + pixel;
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) {
        tile[i] = has_all || lane + i < run.channels ? load_as_lanes(from) : Vector<N>{};
        from += run.channel_stride;
      }
      transpose<N>(tile);
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) store_lanes(block + (pixel + i) * lanes + lane, tile[i]);
    }
  }
}

// Fills a block of pixels; lanes without a channel are zero.
template <class S>
OPSBRIDGE_FN void read_pixels(const ChannelRun<const S>& run, int64_t pixels, LaneOf<S>* block) {
  constexpr int n = kLanes<LaneOf<S>>, lanes = kBlockChannels<S>;
  if (run.channel_stride == 1 && run.channels == lanes) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int lane = 0; lane < lanes; lane += n) {
        store_lanes(block + pixel * lanes + lane,
                    load_as_lanes(run.origin + pixel * run.pixel_stride + lane));
      }
    }
    return;
  }
  if (run.pixel_stride != 1 || pixels < n) return read_pixels_one_by_one(run, 0, pixels, block);
  if (run.channels == lanes) return read_tiles<true>(run, pixels, block);
  read_tiles<false>(run, pixels, block);
}

template <class S>
OPSBRIDGE_FN void write_pixels_one_by_one(const LaneOf<S>* block, int64_t first, int64_t last,
                                          const ChannelRun<S>& run) {
  for (int64_t pixel = first; pixel < last; ++pixel) {
    const LaneOf<S>* from = block + pixel * kBlockChannels<S>;
    S* to = run.origin + pixel * run.pixel_stride;
    for (int lane = 0; lane < run.channels; ++lane) to[lane * run.channel_stride] = S(from[lane]);
  }
}

// Writes the whole tiles of a run, `has_all` lanes or those that have a channel.
template <bool has_all, class S>
OPSBRIDGE_FN void write_tiles(const LaneOf<S>* block, int64_t pixels, const ChannelRun<S>& run) {
  using N = LaneOf<S>;
  constexpr int n = kLanes<N>, lanes = kBlockChannels<S>;
  for (int64_t pixel = 0; pixel < pixels; pixel += n) {
    for (int lane = 0; lane < run.channels; lane += n) {
      Vector<N> tile[n];
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) tile[i] = load_lanes(block + (pixel + i) * lanes + lane);
      transpose<N>(tile);
      S* to = run.origin + lane * run.channel_stride + pixel;
#pragma GCC unroll 16
      for (int i = 0; i < n; ++i) {
        if (has_all || lane + i < run.channels) store_from_lanes(to, tile[i]);
        to += run.channel_stride;
      }
    }
  }
}

// The reverse: each lane that has a channel becomes a run of it, rounded to the tensor's type. A
// result is contiguous: its pixels lie side by side.
template <class S>
OPSBRIDGE_FN void write_pixels(const LaneOf<S>* block, int64_t pixels, const ChannelRun<S>& run) {
  const int64_t in_tiles = pixels / kLanes<LaneOf<S>> * kLanes<LaneOf<S>>;
  if (run.channels == kBlockChannels<S>) {
    write_tiles<true>(block, in_tiles, run);
  } else {
    write_tiles<false>(block, in_tiles, run);
  }
  write_pixels_one_by_one(block, in_tiles, pixels, run);
}

// Copies whole aligned cache lines past the caches.
OPSBRIDGE_FN void stream_lines(void* to, const void* from, int64_t bytes) {
  for (int64_t i = 0; i < bytes / 4; i += kLanes<float>) {
    stream_lanes(static_cast<float*>(to) + i, load_lanes(static_cast<const float*>(from) + i));
  }
}

// Rows of a plane as one run where they follow each other without a gap, else row by row.
template <class S>
OPSBRIDGE_FN void read_rows(const ChannelRun<const S>& run, int64_t row_stride, int64_t width,
                            int64_t first, int64_t last, LaneOf<S>* block) {
  const bool is_one_run = row_stride == width * run.pixel_stride;
  const int64_t step = is_one_run ? last - first : 1;
  for (int64_t row = first; row < last; row += step) {
    const ChannelRun<const S> part{run.origin + row * row_stride, run.channel_stride,
                                   run.pixel_stride, run.channels};
    read_pixels(part, step * width, block + row * width * kBlockChannels<S>);
  }
}

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
