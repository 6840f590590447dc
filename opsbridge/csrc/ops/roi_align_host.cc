#include "ops/roi_align_host.h"

#include <atomic>
#include <new>
#include <type_traits>
#include <vector>

#include "ops/roi_align_levels.h"
#include "opsbridge/dispatch.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

template <class T>
RoiAlignConfig<T> config_of(const RoiAlignCall& call) {
  RoiAlignConfig<T> config;
  config.rule = call.rule;
  config.scale = held_scale<T>(call.spatial_scale, call.rule.scale_type);
  config.sampling_ratio = call.sampling_ratio;
  config.pooled_height = call.pooled.shape[2];
  config.pooled_width = call.pooled.shape[3];
  config.batch = call.features.shape[0];
  config.channels = call.features.shape[1];
  config.height = call.features.shape[2];
  config.width = call.features.shape[3];
  return config;
}

// Counts of regions per image, as the image of each region. Returns the image at which the counts
// stop making sense, or -1.
int64_t spread_counts(const RoiAlignCall& call, std::vector<int64_t>& batch) {
  const int64_t images = call.batch_indices.shape[0];
  size_t row = 0;
  for (int64_t image = 0; image < images; ++image) {
    const int64_t count = read<int64_t>(call.batch_indices, image);
    if (count < 0 || count > static_cast<int64_t>(batch.size() - row)) return image;
    for (int64_t i = 0; i < count; ++i) batch[row++] = image;
  }
  return row == batch.size() ? -1 : images - 1;
}

template <class S, class T>
RoiError batch_of_row(const RoiAlignCall& call, const RoiAlignConfig<T>& config, int64_t row,
                      int64_t& image) {
  if (!is_present(call.batch_indices))
    return batch_index(static_cast<T>(read<S>(call.rois, row, 0)), config, image);
  if (call.rule.batch_rule == BatchRule::given) image = read<int64_t>(call.batch_indices, row);
  return image >= 0 && image < config.batch ? RoiError::none : RoiError::batch_out_of_range;
}

// What the rule says about an error of geometry: refuse it, or leave the row to be zeroed.
RoiError judged(RoiError error, const RoiAlignRule& rule) {
  const bool is_zeroed =
      (error == RoiError::negative_size && rule.negative_size == NegativeSize::zero) ||
      ((error == RoiError::nonfinite || error == RoiError::overflow) &&
       rule.nonfinite == Nonfinite::zero);
  return is_zeroed ? RoiError::none : error;
}

template <class S, class T>
RoiError check_geometry(const RoiAlignCall& call, const RoiAlignConfig<T>& config, int64_t row,
                        int64_t first_column) {
  const T x1 = static_cast<T>(read<S>(call.rois, row, first_column));
  const T y1 = static_cast<T>(read<S>(call.rois, row, first_column + 1));
  const T x2 = static_cast<T>(read<S>(call.rois, row, first_column + 2));
  const T y2 = static_cast<T>(read<S>(call.rois, row, first_column + 3));
  const RoiAxis<T> y = roi_axis(y1, y2, config.pooled_height, config);
  const RoiAxis<T> x = roi_axis(x1, x2, config.pooled_width, config);
  // What is zeroed along one axis does not excuse what is refused along the other.
  for (RoiError error : {judged(y.error, call.rule), judged(x.error, call.rule)}) {
    if (error != RoiError::none) return error;
  }
  const bool is_zero_row = y.error != RoiError::none || x.error != RoiError::none;
  return is_zero_row ? RoiError::none : check_grid(y, x, call.rule);
}

int64_t error_word(int64_t row, RoiError error) { return row * 16 + static_cast<int64_t>(error); }

template <class S, class T>
int64_t run(const RoiAlignCall& call) {
  const RoiAlignConfig<T> config = config_of<T>(call);
  const int64_t rows = call.rois.shape[0];
  const int64_t first_column = is_present(call.batch_indices) ? 0 : 1;
  std::vector<int64_t> batch(static_cast<size_t>(rows));
  if (is_present(call.batch_indices) && call.rule.batch_rule == BatchRule::counts) {
    const int64_t image = spread_counts(call, batch);
    if (image >= 0) return error_word(image, RoiError::wrong_counts);
  }
  for (int64_t row = 0; row < rows; ++row) {
    RoiError error = batch_of_row<S>(call, config, row, batch[static_cast<size_t>(row)]);
    if (error == RoiError::none) error = check_geometry<S>(call, config, row, first_column);
    if (error != RoiError::none) return error_word(row, error);
  }
  RoiAlignJob<S, T> job;
  job.config = config;
  job.features = static_cast<const S*>(call.features.data);
  for (int axis = 0; axis < 4; ++axis) job.feature_strides[axis] = call.features.strides[axis];
  job.corners = static_cast<const S*>(call.rois.data) + first_column * call.rois.strides[1];
  job.corner_strides[0] = call.rois.strides[0];
  job.corner_strides[1] = call.rois.strides[1];
  job.batch = batch.data();
  job.pooled = static_cast<S*>(call.pooled.data);
  std::atomic<bool> has_memory{true};
  constexpr int64_t kRowsPerRange = 4;
  parallel_for(rows, kRowsPerRange, call.threads, [&](int64_t first, int64_t last) {
    bool filled = false;
    OPSBRIDGE_AT_LEVEL(filled = roi_align(job, first, last));
    if (!filled) has_memory = false;
  });
  if (!has_memory) throw std::bad_alloc();
  return 0;
}

}  // namespace

int64_t roi_align(const RoiAlignCall& call) {
  const bool widens = call.rule.accumulate == RoiAccumulate::float32;
  return with_floating_type(call.features.dtype, [&](auto zero) {
    using S = decltype(zero);
    // Accumulating in float32 is for the types that are narrower.
    using Wide = std::conditional_t<sizeof(S) == 2, float, S>;
    return widens ? run<S, Wide>(call) : run<S, S>(call);
  });
}

}  // namespace opsbridge
