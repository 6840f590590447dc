// What is done with each candidate before it is decided, compiled once per instruction-set level
// (OPSBRIDGE_LEVEL names it).
#include "ops/nms_candidates_levels.h"
#include "ops/narrow_lanes.h"
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

template <class H>
OPSBRIDGE_FN Four<H> load_four(const H* from) {
  Four<H> four;
  std::memcpy(&four, from, sizeof four);
  return four;
}
template <class H, class Numbers>
OPSBRIDGE_FN void store_four(H* to, Numbers four) {
  static_assert(sizeof four == 4 * sizeof *to, "four numbers are stored");
  std::memcpy(to, &four, sizeof four);
}

// Four boxes at a time: their corners are read in four vectors and turned round.
template <class H>
void gather(const H* first, int64_t stride, BoxOffset offset, const uint32_t* rows, uint32_t count,
            const BoxArrays<H>& boxes) {
  const H extra = offset == BoxOffset::one ? H(1) : H(0);
  const FourPlaces<H> low{0, 4, 1, 5}, high{2, 6, 3, 7}, even{0, 1, 4, 5}, odd{2, 3, 6, 7};
  uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const Four<H> a = load_four(first + rows[i] * stride), b = load_four(first + rows[i + 1] * stride);
    const Four<H> c = load_four(first + rows[i + 2] * stride), d = load_four(first + rows[i + 3] * stride);
    const Four<H> ab = __builtin_shuffle(a, b, low), cd = __builtin_shuffle(c, d, low);
    const Four<H> ab2 = __builtin_shuffle(a, b, high), cd2 = __builtin_shuffle(c, d, high);
    const Four<H> x1 = __builtin_shuffle(ab, cd, even), y1 = __builtin_shuffle(ab, cd, odd);
    const Four<H> x2 = __builtin_shuffle(ab2, cd2, even), y2 = __builtin_shuffle(ab2, cd2, odd);
    store_four(boxes.x1 + i, x1);
    store_four(boxes.y1 + i, y1);
    store_four(boxes.x2 + i, x2);
    store_four(boxes.y2 + i, y2);
    const Four<H> width = x2 - x1, height = y2 - y1;
    store_four(boxes.area + i, offset == BoxOffset::one ? (width + extra) * (height + extra) : width * height);
  }
  for (; i < count; ++i) {
    const H* c = first + rows[i] * stride;
    const Box<H> box = make_box<H>(c[0], c[1], c[2], c[3], Layout::xyxy, CornerOrder::given, offset);
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

#define OPSBRIDGE_DEFINE_KEYS(Key)                                                \
  void take_best(Unordered<Key>& candidates, Key last, Unordered<Key>& best) { \
    split(candidates, last, best);                                                \
  }
OPSBRIDGE_DEFINE_KEYS(uint32_t)
OPSBRIDGE_DEFINE_KEYS(uint64_t)
#undef OPSBRIDGE_DEFINE_KEYS

#define OPSBRIDGE_DEFINE_BOXES(H)                                                            \
  void gather_corners(const H* first, int64_t stride, BoxOffset offset, const uint32_t* rows, \
                      uint32_t count, const BoxArrays<H>& boxes) {                           \
    gather(first, stride, offset, rows, count, boxes);                                       \
  }
OPSBRIDGE_DEFINE_BOXES(float)
OPSBRIDGE_DEFINE_BOXES(double)
#undef OPSBRIDGE_DEFINE_BOXES

}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
