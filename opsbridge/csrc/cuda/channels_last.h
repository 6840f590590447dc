// Channels as the fastest axis: neighbouring threads then read neighbouring channels of a pixel,
// many bytes at once, wherever the pixel lies.
#pragma once

#include "cuda/executor.h"
#include "cuda/workspace.h"
#include "opsbridge/tensor.h"

namespace opsbridge {

// What one thread reads at once, in the widest load that there is.
constexpr int kWideBytes = 16;
template <class S>
struct alignas(kWideBytes) Wide {
  static constexpr int kCount = kWideBytes / sizeof(S);
  S of[kCount];
};
template <class S>
constexpr int64_t kWidest = int64_t(Wide<S>::kCount);

// Reads `count` neighbours, at once where that is allowed; the others are not defined.
template <class S>
OPSBRIDGE_FN Wide<S> read_wide(const S* first, int64_t count, bool is_aligned) {
  if (is_aligned && count == kWidest<S>) return *reinterpret_cast<const Wide<S>*>(first);
  Wide<S> wide;
  for (int i = 0; i < Wide<S>::kCount; ++i) wide.of[i] = first[i < count ? i : 0];
  return wide;
}

// Pixels (N, H, W) whose channels are neighbours.
template <class S>
struct PixelRows {
  const S* first;
  int64_t strides[3];
  bool is_aligned;  // for loads of kWideBytes
};

template <class S>
PixelRows<S> pixel_rows(const S* first, int64_t image, int64_t row, int64_t column) {
  const bool is_aligned = reinterpret_cast<uintptr_t>(first) % kWideBytes == 0 &&
                          image % kWidest<S> == 0 && row % kWidest<S> == 0 &&
                          column % kWidest<S> == 0;
  return PixelRows<S>{first, {image, row, column}, is_aligned};
}

// Copies one tile of pixels and channels through shared memory, so that it is read along pixels
// and written along channels.
template <class S>
struct ToChannelsLast {
  static constexpr int kPixels = 64, kChannels = 32;
  struct Shared {
    S tile[kChannels][kPixels + 1];  // one more, so that columns lie in different banks
  };

  const S* from;
  int64_t strides[4];
  int64_t channels, height, width;
  S* to;
  int64_t pitch;  // from pixel to pixel of the copy

  OPSBRIDGE_MEMBER int64_t tiles() const { return (height * width + kPixels - 1) / kPixels; }
  OPSBRIDGE_MEMBER int64_t slices() const { return (channels + kChannels - 1) / kChannels; }

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t i) const {
    const Division tile = divided(i, tiles());
    const Division slice = divided(tile.quotient, slices());
    const int64_t image = slice.quotient, first_channel = slice.remainder * kChannels;
    const int64_t first_pixel = tile.remainder * kPixels;
    threads.each([&](int thread) {
      const int64_t pixel = first_pixel + thread % kPixels;
      if (pixel >= height * width) return;
      const Division at = divided(pixel, width);
      const S* read =
          from + image * strides[0] + at.quotient * strides[2] + at.remainder * strides[3];
      for (int c = thread / kPixels; c < kChannels; c += kThreadsPerBlock / kPixels) {
        if (first_channel + c < channels) {
          shared.tile[c][thread % kPixels] = read[(first_channel + c) * strides[1]];
        }
      }
    });
    threads.each([&](int thread) {
      const int c = thread % kChannels;
      if (first_channel + c >= pitch) return;
      const bool is_channel = first_channel + c < channels;  // the others fill wide loads
      for (int p = thread / kChannels; p < kPixels; p += kThreadsPerBlock / kChannels) {
        const int64_t pixel = first_pixel + p;
        if (pixel >= height * width) return;
        to[(image * height * width + pixel) * pitch + first_channel + c] =
            is_channel ? shared.tile[c][p] : S(0.0f);
      }
    });
  }
};

template <class S>
OPSBRIDGE_FN int64_t padded_channels(int64_t channels) {
  return (channels + kWidest<S> - 1) / kWidest<S> * kWidest<S>;
}

// Room for a copy of a tensor (N, C, H, W), its pixels in order.
template <class S>
S* take_channels_last(Workspace& workspace, const TensorView& tensor) {
  const int64_t* shape = tensor.shape;
  return workspace.take<S>(shape[0] * shape[2] * shape[3] * padded_channels<S>(shape[1]));
}

template <class S>
PixelRows<S> copied_channels_last(const Executor& on, const TensorView& tensor, S* copy) {
  const int64_t *shape = tensor.shape, *strides = tensor.strides;
  const int64_t pitch = padded_channels<S>(shape[1]);
  const ToChannelsLast<S> body{static_cast<const S*>(tensor.data),
                               {strides[0], strides[1], strides[2], strides[3]},
                               shape[1],
                               shape[2],
                               shape[3],
                               copy,
                               pitch};
  on.each_block(shape[0] * body.slices() * body.tiles(), body);
  return pixel_rows<S>(copy, shape[2] * shape[3] * pitch, shape[3] * pitch, pitch);
}

// How the threads of a block share out channels: a team holds kWidest<S> of them per thread.
template <class S>
struct ChannelTeams {
  int64_t threads;  // of a team: a power of two, at most a warp

  static ChannelTeams fitting(int64_t channels) {
    int64_t threads = 1;
    while (threads < kWarpSize && threads * kWidest<S> < channels) threads *= 2;
    return ChannelTeams{threads};
  }
  OPSBRIDGE_MEMBER int64_t slice() const { return threads * kWidest<S>; }
  OPSBRIDGE_MEMBER int64_t slices(int64_t channels) const {
    return (channels + slice() - 1) / slice();
  }
};

}  // namespace opsbridge
