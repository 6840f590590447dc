// What is done with each candidate before it is decided, compiled once per instruction-set level
// (OPSBRIDGE_LEVEL names it).
#include "ops/narrow_lanes.h"
#include "ops/nms_candidates_levels.h"
#include "ops/packed_lanes.h"
#include "opsbridge/box.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// descending_key in vectors. A shift spreads the sign over a lane.
template <class T>
void write_keys(const T* scores, uint32_t count, typename ScoreKey<T>::type* keys) {
  using Key = typename ScoreKey<T>::type;
  using Signed = std::make_signed_t<Key>;
  constexpr uint32_t kStep = kLanes<Key>;
  constexpr int kTop = 8 * sizeof(Key) - 1;
  uint32_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const auto values = load_as_lanes(scores + i) + 0;
    const auto bits = reinterpret_cast<Vector<Signed>>(values);
    const auto key = ~(bits ^ ((bits >> kTop) | (Signed(1) << kTop)));
    store_lanes(keys + i, values == values ? key : Vector<Signed>{});
  }
  for (; i < count; ++i) keys[i] = descending_key(scores[i]);
}

template <class Key>
void split(Unordered<Key>& candidates, Key last, Unordered<Key>& best) {
  uint32_t taken = 0, left = 0, i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= candidates.count; i += 16) {
    const uint32_t* rows = candidates.rows + i;
    const Key* keys = candidates.keys + i;
    uint32_t bits = 0;
    for (uint32_t part = 0; part < 16; part += kLanes<Key>) {
      const auto is_best = load_lanes(keys + part) <= last;
      bits |= lane_bits(reinterpret_cast<Vector<std::make_signed_t<Key>>>(is_best)) << part;
    }
    pack_lanes(rows, bits, best.rows + taken);
    pack_lanes(keys, bits, best.keys + taken);
    pack_lanes(rows, ~bits & 0xffff, candidates.rows + left);
    pack_lanes(keys, ~bits & 0xffff, candidates.keys + left);
    taken += __builtin_popcount(bits);
    left += 16 - __builtin_popcount(bits);
  }
#endif
  for (; i < candidates.count; ++i) {
    const uint32_t row = candidates.rows[i];
    const Key key = candidates.keys[i];
    best.rows[taken] = candidates.rows[left] = row;
    best.keys[taken] = candidates.keys[left] = key;
    taken += key <= last;
    left += key > last;
  }
  best.count = taken;
  candidates.count = left;
}

template <class H>
using Four __attribute__((vector_size(4 * sizeof(H)))) = H;
template <class H>
using FourPlaces = decltype(Four<H>{} < Four<H>{});

// By reference: the baseline has no registers to pass four doubles in.
template <class H>
OPSBRIDGE_FN void load_four(Four<H>& to, const H* from) {
  std::memcpy(&to, from, sizeof to);
}
template <class H>
OPSBRIDGE_FN void store_four(H* to, const Four<H>& from) {
  std::memcpy(to, &from, sizeof from);
}

// Four boxes at a time: their corners are read in four vectors and turned round.
template <class H>
void gather(const H* first, int64_t stride, BoxOffset offset, const uint32_t* rows, uint32_t count,
            const BoxArrays<H>& boxes) {
  const FourPlaces<H> starts{0, 4, 1, 5}, ends{2, 6, 3, 7}, across{0, 1, 4, 5}, down{2, 3, 6, 7};
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    Four<H> a, b, c, d;
    load_four<H>(a, first + rows[i] * stride);
    load_four<H>(b, first + rows[i + 1] * stride);
    load_four<H>(c, first + rows[i + 2] * stride);
    load_four<H>(d, first + rows[i + 3] * stride);
    const Four<H> starts_ab = __builtin_shuffle(a, b, starts),
                  ends_ab = __builtin_shuffle(a, b, ends);
    const Four<H> starts_cd = __builtin_shuffle(c, d, starts),
                  ends_cd = __builtin_shuffle(c, d, ends);
    const Four<H> x1 = __builtin_shuffle(starts_ab, starts_cd, across);
    const Four<H> y1 = __builtin_shuffle(starts_ab, starts_cd, down);
    const Four<H> x2 = __builtin_shuffle(ends_ab, ends_cd, across);
    const Four<H> y2 = __builtin_shuffle(ends_ab, ends_cd, down);
    Four<H> width = x2 - x1, height = y2 - y1;
    if (offset == BoxOffset::one) width = width + H(1), height = height + H(1);
    store_four<H>(boxes.x1 + i, x1);
    store_four<H>(boxes.y1 + i, y1);
    store_four<H>(boxes.x2 + i, x2);
    store_four<H>(boxes.y2 + i, y2);
    store_four<H>(boxes.area + i, width * height);
  }
  for (; i < count; ++i) {
    const H* c = first + rows[i] * stride;
    const Box<H> box =
        make_box<H>(c[0], c[1], c[2], c[3], Layout::xyxy, CornerOrder::given, offset);
    boxes.x1[i] = box.x1;
    boxes.y1[i] = box.y1;
    boxes.x2[i] = box.x2;
    boxes.y2[i] = box.y2;
    boxes.area[i] = box.area;
  }
}

}  // namespace

#define OPSBRIDGE_DEFINE_SCORES(T)                                                 \
  void descending_keys(const T* scores, uint32_t count, ScoreKey<T>::type* keys) { \
    write_keys(scores, count, keys);                                               \
  }
OPSBRIDGE_DEFINE_SCORES(Half)
OPSBRIDGE_DEFINE_SCORES(BrainFloat)
OPSBRIDGE_DEFINE_SCORES(float)
OPSBRIDGE_DEFINE_SCORES(double)
#undef OPSBRIDGE_DEFINE_SCORES

#define OPSBRIDGE_DEFINE_KEYS(Key)                                             \
  void take_best(Unordered<Key>& candidates, Key last, Unordered<Key>& best) { \
    split(candidates, last, best);                                             \
  }
OPSBRIDGE_DEFINE_KEYS(uint32_t)
OPSBRIDGE_DEFINE_KEYS(uint64_t)
#undef OPSBRIDGE_DEFINE_KEYS

#define OPSBRIDGE_DEFINE_BOXES(H)                                                             \
  void gather_corners(const H* first, int64_t stride, BoxOffset offset, const uint32_t* rows, \
                      uint32_t count, const BoxArrays<H>& boxes) {                            \
    gather(first, stride, offset, rows, count, boxes);                                        \
  }
OPSBRIDGE_DEFINE_BOXES(float)
OPSBRIDGE_DEFINE_BOXES(double)
#undef OPSBRIDGE_DEFINE_BOXES

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
