// A borrowed tensor: pointer, element type, sizes and strides in elements.
#pragma once

#include <cstdint>

#include "opsbridge/types.h"

namespace opsbridge {

enum class Dtype {
  boolean,
  uint8,
  uint16,
  int8,
  int16,
  int32,
  int64,
  float16,
  bfloat16,
  float32,
  float64,
  other
};

constexpr int kMaxRank = 8;

struct TensorView {
  void* data;
  Dtype dtype;
  int rank;
  int64_t shape[kMaxRank];
  int64_t strides[kMaxRank];
};

// A possibly absent tensor has no data and rank -1.
constexpr TensorView kNoTensor{nullptr, Dtype::other, -1, {}, {}};

OPSBRIDGE_FN bool is_present(const TensorView& view) { return view.rank >= 0; }

template <class T>
OPSBRIDGE_FN T read(const TensorView& view, int64_t i) {
  return static_cast<const T*>(view.data)[i * view.strides[0]];
}

template <class T>
OPSBRIDGE_FN T read(const TensorView& view, int64_t i, int64_t j) {
  return static_cast<const T*>(view.data)[i * view.strides[0] + j * view.strides[1]];
}

}  // namespace opsbridge
