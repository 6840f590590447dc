// How RoIAlign in blocks of channels is shared out: regions by image, memory by thread. Host only.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "ops/roi_align_levels.h"

namespace opsbridge {

// The regions of each image: those of image i are rows[begins[i]] to rows[begins[i + 1] - 1], in
// the order of the call.
struct RegionsByImage {
  std::vector<int64_t> rows, begins;
};

inline RegionsByImage regions_by_image(const int64_t* images, int64_t rows, int64_t image_count) {
  RegionsByImage sorted;
  sorted.rows.resize(size_t(rows));
  sorted.begins.resize(size_t(image_count) + 1);
  for (int64_t row = 0; row < rows; ++row) ++sorted.begins[size_t(images[row]) + 1];
  for (size_t i = 1; i < sorted.begins.size(); ++i) sorted.begins[i] += sorted.begins[i - 1];
  std::vector<int64_t> next = sorted.begins;
  for (int64_t row = 0; row < rows; ++row) {
    sorted.rows[size_t(next[size_t(images[row])]++)] = row;
  }
  return sorted;
}

// Orders the regions of each image from top to bottom, band by band, and from left to right in a
// band: what one region reads, the next finds in the cache. For results that do not depend on it.
template <class T>
void sort_by_place(RegionsByImage& sorted, const Region<T>* regions) {
  constexpr int64_t kBandRows = 16;
  struct Placed {
    int64_t band, x, row;
  };
  std::vector<Placed> placed;
  for (size_t image = 0; image + 1 < sorted.begins.size(); ++image) {
    placed.clear();
    const size_t begin = size_t(sorted.begins[image]), end = size_t(sorted.begins[image + 1]);
    for (size_t i = begin; i < end; ++i) {
      const Region<T>& region = regions[sorted.rows[i]];
      const bool has_place = region.state == RegionState::tabled;
      placed.push_back(Placed{has_place ? region.ys.first / kBandRows : 0,
                              has_place ? region.xs.first : 0, sorted.rows[i]});
    }
    std::sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
      return a.band != b.band ? a.band < b.band : a.x != b.x ? a.x < b.x : a.row < b.row;
    });
    for (size_t i = begin; i < end; ++i) sorted.rows[i] = placed[i - begin].row;
  }
}

// Memory for as many blocks as are worked on at once; each is used again for block after block.
template <class T>
class BlockScratches {
 public:
  explicit BlockScratches(const RoiAlignConfig<T>& config) : config_(config) {}
  BlockScratches(const BlockScratches&) = delete;
  BlockScratches& operator=(const BlockScratches&) = delete;

  ~BlockScratches() {
    for (BlockScratch<T>& scratch : free_) close(scratch);
  }

  // Runs body(scratch) with memory that nobody else has; false when there is none.
  template <class Body>
  bool with_one(Body body) {
    BlockScratch<T> scratch;
    if (!take(scratch)) return false;
    const bool has_memory = body(scratch);
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(scratch);
    return has_memory;
  }

 private:
  static constexpr size_t kPixel = 64;

  bool take(BlockScratch<T>& scratch) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        scratch = free_.back();
        free_.pop_back();
        return true;
      }
    }
    return open(scratch);
  }

  bool open(BlockScratch<T>& scratch) {
    const size_t height = size_t(config_.height), width = size_t(config_.width);
    const int64_t bins = bin_rows_at_once(config_.pooled_width) * config_.pooled_width;
    scratch.pixels = std::aligned_alloc(kPixel, kPixel * height * width);
    scratch.bins = std::aligned_alloc(kPixel, kPixel * size_t(bins));
    scratch.planes = std::aligned_alloc(kPixel, kPixel * size_t(bins));
    scratch.weights =
        std::malloc(2 * sizeof(SampleCorners<double>) * size_t(kWeightsAtOnce + kWeightPadding));
    scratch.spans = static_cast<RowSpan*>(std::malloc(sizeof(RowSpan) * height));
    const bool has_memory = open_region(scratch.region, config_) && scratch.pixels != nullptr &&
                            scratch.bins != nullptr && scratch.planes != nullptr &&
                            scratch.weights != nullptr && scratch.spans != nullptr;
    if (!has_memory) close(scratch);
    return has_memory;
  }

  static void close(BlockScratch<T>& scratch) {
    std::free(scratch.pixels);
    std::free(scratch.bins);
    std::free(scratch.planes);
    std::free(scratch.weights);
    std::free(scratch.spans);
    close_region(scratch.region);
  }

  const RoiAlignConfig<T> config_;
  std::mutex mutex_;
  std::vector<BlockScratch<T>> free_;
};

}  // namespace opsbridge
