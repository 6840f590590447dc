// The geometry of all regions in device memory: worked out once, by one thread per bin of an axis,
// for all channels.
#pragma once

#include "cuda/executor.h"
#include "cuda/report.h"
#include "cuda/workspace.h"
#include "ops/roi_align_host.h"
#include "ops/roi_align_taps.h"

namespace opsbridge {

enum class RowState { computed, zero, refused };

template <class T>
struct PlannedRegion {
  RoiAxis<T> y, x;
  int64_t image;
  RowState state;
};

// The usable samples of one bin along one axis, and the pixels that they read.
struct BinSpan {
  SampleRange samples;
  int64_t low, high;  // [low, high]
};

template <class S, class T>
struct Plan {
  RoiAlignConfig<T> config;
  RegionInputs<S> inputs;
  RegionTensors tensors;
  PlannedRegion<T>* regions;
  BinSpan* spans;  // of every region: rows of bins, then columns

  OPSBRIDGE_MEMBER int64_t bins() const { return config.pooled_height * config.pooled_width; }
  OPSBRIDGE_MEMBER int64_t spans_per_region() const {
    return config.pooled_height + config.pooled_width;
  }
  OPSBRIDGE_MEMBER const BinSpan* rows_of(int64_t region) const {
    return spans + region * spans_per_region();
  }
  OPSBRIDGE_MEMBER const BinSpan* columns_of(int64_t region) const {
    return rows_of(region) + config.pooled_height;
  }
};

// Every bin of an axis works out its region for itself; the first writes it down.
template <class S, class T>
struct PlanBin {
  Plan<S, T> plan;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const RoiAlignConfig<T>& config = plan.config;
    const Division at = divided(i, plan.spans_per_region());
    const int64_t row = at.quotient;
    const Corners<T> corners = corners_of_row<T>(plan.inputs, row);
    PlannedRegion<T> region;
    region.image = 0;
    int64_t place = row;
    RoiError error = find_image(row, region.image, place);
    if (error == RoiError::none) error = check_geometry(corners, config);
    region.y = roi_axis(corners.y1, corners.y2, config.pooled_height, config);
    region.x = roi_axis(corners.x1, corners.x2, config.pooled_width, config);
    const bool is_zero = region.y.error != RoiError::none || region.x.error != RoiError::none ||
                         (config.rule.near_zero_row == NearZeroRow::zero && is_near_zero(corners));
    region.state = is_zero ? RowState::zero : RowState::computed;
    if (error != RoiError::none) region.state = RowState::refused;
    const bool is_row = at.remainder < config.pooled_height;
    plan.spans[i] = region.state != RowState::computed ? BinSpan{SampleRange{0, 0}, 0, -1}
                    : is_row ? span_of(region.y, at.remainder, config.height)
                             : span_of(region.x, at.remainder - config.pooled_height, config.width);
    if (at.remainder > 0) return;
    plan.regions[row] = region;
    if (error != RoiError::none) tell(error, place);
  }

  OPSBRIDGE_MEMBER static BinSpan span_of(const RoiAxis<T>& axis, int64_t bin, int64_t size) {
    const SampleRange samples = usable_of_bin(axis, bin, size);
    if (samples.first >= samples.last) return BinSpan{samples, 0, -1};
    // Samples are in order, one way or the other.
    const Tap<T> first = tap_at(sample_position(axis, bin, samples.first), size);
    const Tap<T> last = tap_at(sample_position(axis, bin, samples.last - 1), size);
    return BinSpan{samples, smaller(first.low, last.low), larger(first.high, last.high)};
  }

  OPSBRIDGE_MEMBER void tell(RoiError error, int64_t place) const {
    const unsigned long long word =
        static_cast<unsigned long long>(place * 16 + static_cast<int64_t>(error));
    // Counts that are wrong are told before any row.
    lower_word(&report->refused, error == RoiError::wrong_counts ? word : word + kToldLater);
  }

  OPSBRIDGE_MEMBER RoiError find_image(int64_t row, int64_t& image, int64_t& place) const {
    const RegionTensors& tensors = plan.tensors;
    const int64_t images = tensors.features.shape[0];
    if (!is_present(tensors.batch_indices)) {
      const T column = static_cast<T>(read<S>(tensors.rois, row, 0));
      return batch_index(column, images, tensors.batch_rule, image);
    }
    if (tensors.batch_rule == BatchRule::counts) return find_counted_image(row, image, place);
    const int64_t given = read<int64_t>(tensors.batch_indices, row);
    if (given < 0 || given >= images) return RoiError::batch_out_of_range;
    image = given;
    return RoiError::none;
  }

  OPSBRIDGE_MEMBER RoiError find_counted_image(int64_t row, int64_t& image, int64_t& place) const {
    const TensorView& counts = plan.tensors.batch_indices;
    int64_t before = 0;
    image = -1;
    for (int64_t i = 0; i < counts.shape[0]; ++i) {
      const int64_t count = read<int64_t>(counts, i);
      if (count < 0 || count > plan.inputs.rows - before) {
        image = 0;
        place = i;
        return RoiError::wrong_counts;
      }
      before += count;
      if (image < 0 && row < before) image = i;
    }
    if (before == plan.inputs.rows) return RoiError::none;
    image = 0;
    place = counts.shape[0] - 1;
    return RoiError::wrong_counts;
  }
};

template <class T>
OPSBRIDGE_FN bool has_unusable(const PlannedRegion<T>& region, const BinSpan& y, const BinSpan& x) {
  if (region.y.samples <= 0 || region.x.samples <= 0) return false;
  return y.samples.first > 0 || y.samples.last < region.y.samples || x.samples.first > 0 ||
         x.samples.last < region.x.samples;
}

// The memory of a plan; nothing is computed yet.
template <class S, class T>
Plan<S, T> take_plan(Workspace& workspace, const RoiAlignCall& call) {
  Plan<S, T> plan;
  plan.config = roi_align_config<T>(call);
  plan.inputs = region_inputs<S>(call.regions);
  plan.tensors = call.regions;
  plan.regions = workspace.take<PlannedRegion<T>>(plan.inputs.rows);
  plan.spans = workspace.take<BinSpan>(plan.inputs.rows * plan.spans_per_region());
  return plan;
}

template <class S, class T>
void fill_plan(const Executor& on, const Plan<S, T>& plan, Report* report) {
  on.each(plan.inputs.rows * plan.spans_per_region(), PlanBin<S, T>{plan, report});
}

}  // namespace opsbridge
