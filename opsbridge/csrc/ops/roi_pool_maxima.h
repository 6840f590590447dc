// The largest pixels of all bins of one region, for a block of channels at once: columns of a row
// of bins first, then the bins from the columns they share. Included by kernels only, once per
// level.
#pragma once

#include "ops/channel_blocks.h"
#include "ops/roi_pool.h"
#include "ops/roi_pool_regions.h"

namespace opsbridge {
namespace OPSBRIDGE_LEVEL {
namespace {

// One position of all channels of a block.
template <class N>
struct Pixel {
  static constexpr int kParts = kPixelBytes / kVectorBytes;
  static constexpr int kNumbers = kPixelBytes / int(sizeof(N));
  Vector<N> part[kParts];
};

template <class N>
OPSBRIDGE_FN Pixel<N> load_pixel(const N* from) {
  Pixel<N> pixel;
  std::memcpy(&pixel, from, sizeof pixel);
  return pixel;
}

template <class N>
OPSBRIDGE_FN void store_pixel(N* to, const Pixel<N>& pixel) {
  std::memcpy(to, &pixel, sizeof pixel);
}

template <class N>
OPSBRIDGE_FN Pixel<N> same_pixel(N value) {
  Pixel<N> pixel;
  for (Vector<N>& part : pixel.part) part = all_lanes(value);
  return pixel;
}

// Places are as wide as the numbers, so that one comparison picks lanes of both.
template <class N>
using PlaceOf = typename LaneIndex<N>::Type;

// The largest number so far and its place. A later one has to be larger, so that the first of equal
// ones stays, and a NaN, which is not larger than anything, is never taken.
template <class N>
struct Best {
  Pixel<N> value;
  Pixel<PlaceOf<N>> place;

  OPSBRIDGE_MEMBER void see(const Pixel<N>& seen, const Pixel<PlaceOf<N>>& where) {
    for (int i = 0; i < Pixel<N>::kParts; ++i) {
      const auto is_larger = seen.part[i] > value.part[i];
      value.part[i] = is_larger ? seen.part[i] : value.part[i];
      place.part[i] = is_larger ? where.part[i] : place.part[i];
    }
  }

  // The same for one that was found out of order: of equal ones the smaller place stays.
  OPSBRIDGE_MEMBER void join(const Best& other) {
    for (int i = 0; i < Pixel<N>::kParts; ++i) {
      const auto is_taken =
          (other.value.part[i] > value.part[i]) |
          ((other.value.part[i] == value.part[i]) & (other.place.part[i] < place.part[i]));
      value.part[i] = is_taken ? other.value.part[i] : value.part[i];
      place.part[i] = is_taken ? other.place.part[i] : place.part[i];
    }
  }
};

// The largest number so far, where nobody asks for its place. The sign of a zero may be that of a
// later one.
template <class N>
struct BestValue {
  Pixel<N> value;

  OPSBRIDGE_MEMBER void see(const Pixel<N>& seen, const Pixel<PlaceOf<N>>&) {
    for (int i = 0; i < Pixel<N>::kParts; ++i) {
      value.part[i] = seen.part[i] > value.part[i] ? seen.part[i] : value.part[i];
    }
  }
  OPSBRIDGE_MEMBER void join(const BestValue& other) { see(other.value, {}); }
};

template <class N>
OPSBRIDGE_FN void open_best(BestValue<N>& best, N lowest) {
  best.value = same_pixel(lowest);
}
template <class N>
OPSBRIDGE_FN void open_best(Best<N>& best, N lowest) {
  best.value = same_pixel(lowest);
  best.place = same_pixel(PlaceOf<N>(-1));
}

// Turns each place from that of its row into its own; -1 stays.
template <class N>
OPSBRIDGE_FN void set_column(BestValue<N>&, int64_t) {}
template <class N>
OPSBRIDGE_FN void set_column(Best<N>& best, int64_t x) {
  for (Vector<PlaceOf<N>>& place : best.place.part) {
    place = place < 0 ? place : place + PlaceOf<N>(x);
  }
}

// What one channel block of one image lies in: pixels, and memory for one row of columns.
template <class N, class B>
struct MaximaWork {
  const N* pixels;
  int64_t width;
  N lowest;
  B* columns;
};

// The best of `count` columns next to each other, from x on. Columns do not wait for each other's
// comparisons.
template <int count, class N, class B>
OPSBRIDGE_FN void fill_columns(const MaximaWork<N, B>& work, const PixelRange& rows, int64_t x,
                               B* columns) {
  B best[count];
  for (B& each : best) open_best(each, work.lowest);
  const N* from = work.pixels + (rows.first * work.width + x) * Pixel<N>::kNumbers;
  for (int64_t y = rows.first; y < rows.last; ++y, from += work.width * Pixel<N>::kNumbers) {
    const Pixel<PlaceOf<N>> row = same_pixel(PlaceOf<N>(y * work.width));
    for (int i = 0; i < count; ++i) best[i].see(load_pixel(from + i * Pixel<N>::kNumbers), row);
  }
  for (int i = 0; i < count; ++i) {
    set_column(best[i], x + i);
    columns[i] = best[i];
  }
}

// Calls take(bin, best) for all bins of a region that have pixels, and empty(bin) for the others.
template <class N, class B, class Take, class Empty>
OPSBRIDGE_FN void visit_maxima(const MaximaWork<N, B>& work, const RegionBins& bins, Take take,
                               Empty empty) {
  constexpr int kTogether = 4;
  const int64_t first = bins.columns[0].first, last = bins.columns[bins.width - 1].last;
  for (int64_t bin_y = 0; bin_y < bins.height; ++bin_y) {
    const PixelRange rows = bins.rows[bin_y];
    if (rows.first < rows.last) {
      int64_t x = first;
      for (; x <= last - kTogether; x += kTogether) {
        fill_columns<kTogether>(work, rows, x, work.columns + (x - first));
      }
      for (; x < last; ++x) fill_columns<1>(work, rows, x, work.columns + (x - first));
    }
    for (int64_t bin_x = 0; bin_x < bins.width; ++bin_x) {
      const int64_t bin = bin_y * bins.width + bin_x;
      const PixelRange columns = bins.columns[bin_x];
      if (rows.first >= rows.last || columns.first >= columns.last) {
        empty(bin);
        continue;
      }
      B best = work.columns[columns.first - first];
      for (int64_t x = columns.first + 1; x < columns.last; ++x) {
        best.join(work.columns[x - first]);
      }
      take(bin, best);
    }
  }
}

}  // namespace
}  // namespace OPSBRIDGE_LEVEL
}  // namespace opsbridge
