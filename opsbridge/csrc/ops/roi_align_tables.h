// The tables of all regions of a call, made once and read by every thread. Host only.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "ops/roi_align_taps.h"

namespace opsbridge {

// More than this is not kept: the tables of the regions beyond are made where they are needed.
constexpr size_t kKeptTableBytes = size_t(16) << 20;
constexpr int64_t kKeptTaps = 4096;

template <class T>
class RegionTables {
 public:
  template <class S>
  RegionTables(const RegionInputs<S>& inputs, const RoiAlignConfig<T>& config, TapSteps steps)
      : regions_(static_cast<size_t>(inputs.rows)) {
    size_t bytes = 0;
    for (int64_t row = 0; row < inputs.rows; ++row) {
      Region<T>& region = regions_[static_cast<size_t>(row)];
      const bool is_zero = !measure_region(region, corners_of_row<T>(inputs, row), config);
      region.state = is_zero ? RegionState::zero : RegionState::too_large;
      if (is_zero || !is_small(region) || bytes + table_bytes(region) > kKeptTableBytes) continue;
      region.state = RegionState::tabled;
      bytes += table_bytes(region);
    }
    memory_.reset(new char[bytes]);
    char* free = memory_.get();
    for (Region<T>& region : regions_) {
      if (region.state != RegionState::tabled) continue;
      place(region, free);
      fill_tables(region, config, steps, [](int64_t, int64_t) { return true; });
      free += table_bytes(region);
    }
  }

  const Region<T>* regions() const { return regions_.data(); }

 private:
  static bool is_small(const Region<T>& region) {
    return region.y.samples <= kKeptTaps / region.y.bins &&
           region.x.samples <= kKeptTaps / region.x.bins;
  }

  // All samples, usable or not: a bound that needs no search.
  static int64_t taps(const RoiAxis<T>& axis) {
    return axis.bins * larger(axis.samples, int64_t(0));
  }

  static size_t table_bytes(const Region<T>& region) {
    const size_t count = static_cast<size_t>(taps(region.y) + taps(region.x));
    return bin_bytes(region.y.bins) + bin_bytes(region.x.bins) + count * sizeof(Tap<T>);
  }

  static void place(Region<T>& region, char* memory) {
    place_bins(region.ys, memory, region.y.bins);
    place_bins(region.xs, memory + bin_bytes(region.y.bins), region.x.bins);
    char* after_bins = memory + bin_bytes(region.y.bins) + bin_bytes(region.x.bins);
    region.ys.taps = reinterpret_cast<Tap<T>*>(after_bins);
    region.xs.taps = region.ys.taps + taps(region.y);
  }

  std::vector<Region<T>> regions_;
  std::unique_ptr<char[]> memory_;
};

}  // namespace opsbridge
