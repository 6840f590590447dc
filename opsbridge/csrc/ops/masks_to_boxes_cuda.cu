// Blocks look at parts of masks, of whole rows, and tell what they find in four words of the mask.
// Where the pixels of a row are neighbours, they are read in aligned pieces, whose first and last
// ones hold pixels of other rows, too.
#include "cuda/channels_last.h"
#include "ops/masks_to_boxes.h"
#include "ops/masks_to_boxes_device.h"
#include "opsbridge/numeric.h"

namespace opsbridge {
namespace {

// The largest of each: rows and columns as they are, and counted from the other end, so that zero
// is the beginning of all. All are one larger, so that zero is also what nothing gives.
struct Reach {
  unsigned long long to_first_row, to_last_row, to_first_column, to_last_column;
};

constexpr int64_t kBytesOfPart = 32768;

// U has the bits of an element, and `counting` those that tell it from zero.
template <class U>
struct FindReach {
  static constexpr int kAtOnce = 4;  // loads of a thread, so that it waits once for all of them
  struct Shared {
    Reach of_threads[kThreadsPerBlock];
  };
  TensorView masks;
  U counting;
  bool is_wide;         // rows are read in pieces of kWidest<U> pixels, or else one by one
  const U* end;         // of all pixels
  int64_t rows, parts;  // of a part, of a mask
  int64_t loads;        // of a row
  Divisor by_loads;     // if a part has several rows
  Reach* reaches;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t item) const {
    const Division at = divided(item, parts);
    block.each(
        [&](int thread) { shared.of_threads[thread] = find(at.quotient, at.remainder, thread); });
    block.each([&](int thread) {
      if (thread >= kWarpSize) return;
      Reach& own = shared.of_threads[thread];
      for (int i = thread + kWarpSize; i < kThreadsPerBlock; i += kWarpSize) {
        widen(own, shared.of_threads[i]);
      }
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      Reach all = shared.of_threads[0];
      for (int i = 1; i < kWarpSize; ++i) widen(all, shared.of_threads[i]);
      if (all.to_last_row == 0) return;
      Reach& of_mask = reaches[at.quotient];
      raise_word(&of_mask.to_first_row, all.to_first_row);
      raise_word(&of_mask.to_last_row, all.to_last_row);
      raise_word(&of_mask.to_first_column, all.to_first_column);
      raise_word(&of_mask.to_last_column, all.to_last_column);
    });
  }

  // Some pixels of a row, from column x on, which may lie before the first one.
  struct Piece {
    Wide<U> pixels;
    int64_t y, x;
    unsigned valid;  // a bit for each
  };

  OPSBRIDGE_MEMBER Reach find(int64_t mask, int64_t part, int thread) const {
    const int64_t first = part * rows, last = smaller(first + rows, masks.shape[1]);
    const int64_t count = (last - first) * loads;
    const U* data = static_cast<const U*>(masks.data) + mask * masks.strides[0];
    Reach found{0, 0, 0, 0};
    for (int64_t i = thread; i < count; i += kAtOnce * kThreadsPerBlock) {
      Piece pieces[kAtOnce];
      for (int k = 0; k < kAtOnce; ++k) {
        const int64_t load = smaller(i + k * kThreadsPerBlock, count - 1);
        const int64_t row = rows == 1 ? 0 : divided(static_cast<uint32_t>(load), by_loads);
        read(data + (first + row) * masks.strides[1], load - row * loads, pieces[k]);
        pieces[k].y = first + row;
      }
      for (int k = 0; k < kAtOnce; ++k) add(pieces[k], found);
    }
    return found;
  }

  OPSBRIDGE_MEMBER void read(const U* row, int64_t load, Piece& piece) const {
    const int64_t width = masks.shape[2];
    if (!is_wide) {
      piece.x = load;
      piece.valid = 1;
      piece.pixels.of[0] = row[load * masks.strides[2]];
      return;
    }
    constexpr int kCount = Wide<U>::kCount;
    const int64_t before = int64_t(reinterpret_cast<uintptr_t>(row) % kWideBytes / sizeof(U));
    piece.x = load * kCount - before;
    const int64_t from = larger(-piece.x, int64_t(0)), to = smaller(width - piece.x, kWidest<U>);
    piece.valid = to <= from ? 0 : ((2u << (to - 1)) - 1) & ~((1u << from) - 1);
    if (piece.valid != 0 && row + piece.x + kCount <= end) {
      piece.pixels = *reinterpret_cast<const Wide<U>*>(row + piece.x);
      return;
    }
    for (int i = 0; i < kCount; ++i) {
      if (((piece.valid >> i) & 1) != 0) piece.pixels.of[i] = row[piece.x + i];
    }
  }

  OPSBRIDGE_MEMBER void add(const Piece& piece, Reach& found) const {
    unsigned set = 0;
    for (int i = 0; i < Wide<U>::kCount; ++i) {
      set |= unsigned((piece.pixels.of[i] & counting) != 0) << i;
    }
    set &= piece.valid;
    if (set == 0) return;
    const int64_t left = piece.x + lowest_bit(set), right = piece.x + highest_bit(set);
    const int64_t height = masks.shape[1], width = masks.shape[2];
    widen(found, Reach{reach(height - piece.y), reach(piece.y + 1), reach(width - left),
                       reach(right + 1)});
  }

  OPSBRIDGE_MEMBER static unsigned long long reach(int64_t length) {
    return static_cast<unsigned long long>(length);
  }

  OPSBRIDGE_MEMBER static void widen(Reach& reach, const Reach& other) {
    reach.to_first_row = larger(reach.to_first_row, other.to_first_row);
    reach.to_last_row = larger(reach.to_last_row, other.to_last_row);
    reach.to_first_column = larger(reach.to_first_column, other.to_first_column);
    reach.to_last_column = larger(reach.to_last_column, other.to_last_column);
  }
};

struct WriteBoxes {
  const Reach* reaches;
  int64_t height, width;
  MasksToBoxesRule rule;
  float* boxes;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t mask) const {
    const Reach& reach = reaches[mask];
    const Extent extent{
        height - static_cast<int64_t>(reach.to_first_row), int64_t(reach.to_last_row) - 1,
        width - static_cast<int64_t>(reach.to_first_column), int64_t(reach.to_last_column) - 1};
    write_box(extent, rule, boxes + 4 * mask);
  }
};

template <class U>
void find_reaches(const Executor& on, const TensorView& masks, int64_t count, U counting,
                  Reach* reaches) {
  const int64_t height = masks.shape[1], width = masks.shape[2];
  if (height == 0 || width == 0) return;
  const bool is_wide = masks.strides[2] == 1 && masks.strides[1] >= 0 && masks.strides[0] >= 0;
  const U* end = static_cast<const U*>(masks.data) + (count - 1) * masks.strides[0] +
                 (height - 1) * masks.strides[1] + width;
  const int64_t loads = is_wide ? (width + 2 * kWidest<U> - 2) / kWidest<U> : width;
  const int64_t rows = larger(kBytesOfPart / (width * int64_t(sizeof(U))), int64_t(1));
  const int64_t parts = (height + rows - 1) / rows;
  on.each_block(count * parts, FindReach<U>{masks, counting, is_wide, end, rows, parts, loads,
                                            divisor_of(rows == 1 ? 1 : loads), reaches});
}

// A zero has a sign or none; everything else is set, a NaN too.
template <class U>
constexpr U kWithoutSign = static_cast<U>(~U(0)) >> 1;

}  // namespace

void masks_to_boxes_on_device(const Executor& on, Workspace& workspace, Report* report,
                              const TensorView& masks, const TensorView& boxes,
                              const MasksToBoxesRule& rule) {
  const int64_t count = boxes.shape[0];
  Reach* reaches = workspace.take<Reach>(count);
  if (workspace.is_counting()) return;
  if (count == 0) return;
  on.fill_bytes(reaches, 0, count * int64_t(sizeof(Reach)));
  const auto find = [&](auto counting) { find_reaches(on, masks, count, counting, reaches); };
  switch (masks.dtype) {
    case Dtype::boolean:
    case Dtype::uint8:
    case Dtype::int8:
      find(uint8_t(~uint8_t(0)));
      break;
    case Dtype::uint16:
    case Dtype::int16:
      find(uint16_t(~uint16_t(0)));
      break;
    case Dtype::float16:
    case Dtype::bfloat16:
      find(kWithoutSign<uint16_t>);
      break;
    case Dtype::int32:
      find(~uint32_t(0));
      break;
    case Dtype::float32:
      find(kWithoutSign<uint32_t>);
      break;
    case Dtype::int64:
      find(~uint64_t(0));
      break;
    default:
      find(kWithoutSign<uint64_t>);
  }
  float* to = static_cast<float*>(boxes.data);
  on.each(count, WriteBoxes{reaches, masks.shape[1], masks.shape[2], rule, to, report});
}

}  // namespace opsbridge
