// Blocks look at parts of masks, of whole rows, and tell what they find in four words of the mask.
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

constexpr int64_t kPixelsOfPart = 64 * kThreadsPerBlock;

// U has the bits of an element, and `counting` those that tell it from zero.
template <class U>
struct FindReach {
  struct Shared {
    Reach of_threads[kThreadsPerBlock];
  };
  TensorView masks;
  U counting;
  int64_t rows, parts;  // of a part, of a mask
  Reach* reaches;

  OPSBRIDGE_MEMBER void operator()(const Block& block, Shared& shared, int64_t item) const {
    const int64_t mask = item / parts, part = item % parts;
    block.each([&](int thread) { shared.of_threads[thread] = find(mask, part, thread); });
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
      raise_word(&reaches[mask].to_first_row, all.to_first_row);
      raise_word(&reaches[mask].to_last_row, all.to_last_row);
      raise_word(&reaches[mask].to_first_column, all.to_first_column);
      raise_word(&reaches[mask].to_last_column, all.to_last_column);
    });
  }

  OPSBRIDGE_MEMBER Reach find(int64_t mask, int64_t part, int thread) const {
    const int64_t height = masks.shape[1], width = masks.shape[2];
    const int64_t first = part * rows, last = smaller(first + rows, height);
    const U* data = static_cast<const U*>(masks.data) + mask * masks.strides[0];
    Reach found{0, 0, 0, 0};
    int64_t y = first + thread / width, x = thread % width;
    const int64_t down = kThreadsPerBlock / width, across = kThreadsPerBlock % width;
    while (y < last) {
      if ((data[y * masks.strides[1] + x * masks.strides[2]] & counting) != 0) {
        widen(found, Reach{reach(height - y), reach(y + 1), reach(width - x), reach(x + 1)});
      }
      y += down;
      x += across;
      if (x >= width) {
        x -= width;
        ++y;
      }
    }
    return found;
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
    if (mask == 0) report_nothing(report);
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
  const int64_t rows = larger(kPixelsOfPart / width, int64_t(1));
  const int64_t parts = (height + rows - 1) / rows;
  on.each_block(count * parts, FindReach<U>{masks, counting, rows, parts, reaches});
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
  if (count == 0) return on.each(1, StartReport{report});
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
