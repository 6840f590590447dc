// RoIAlign and RoI pooling with their gradients: every level and number of threads gives the same,
// and RoIAlign what a plain loop over the samples of the shared header gives.
#include "drawn.h"
#include "levels.h"
#include "ops/roi_align_host.h"
#include "ops/roi_pool_host.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// The tensors of a call; `counts_bins` where channels are those of single bins.
struct Inputs {
  Tensor features, rois, batch_indices, gradient;
  int64_t shape[4], rows, bins[2], pooled_channels;
};

template <class T>
Inputs draw_inputs(Drawn& from, Dtype dtype, ChannelMap map, BatchRule rule) {
  Inputs drawn;
  const int64_t channels = from.below(8) == 0 ? from.below(40) : from.below(6);
  drawn.rows = from.below(6);
  drawn.bins[0] = 1 + from.below(4);
  drawn.bins[1] = 1 + from.below(4);
  drawn.pooled_channels = channels;
  const bool is_sensitive = map == ChannelMap::position_sensitive;
  drawn.shape[0] = 1 + from.below(2);
  drawn.shape[1] = is_sensitive ? channels * drawn.bins[0] * drawn.bins[1] : channels;
  drawn.shape[2] = from.below(9);
  drawn.shape[3] = from.below(9);
  const int64_t* const shape = drawn.shape;
  drawn.rois = Tensor::drawn<T>(from, dtype, {drawn.rows, 5});
  drawn.features = Tensor::drawn<T>(from, dtype, {shape[0], shape[1], shape[2], shape[3]});
  drawn.gradient = Tensor::drawn<T>(
      from, dtype, {drawn.rows, drawn.pooled_channels, drawn.bins[0], drawn.bins[1]});
  if (rule == BatchRule::given || rule == BatchRule::counts) {
    const int64_t count = rule == BatchRule::given ? drawn.rows : shape[0];
    drawn.batch_indices = Tensor::of(Dtype::int64, {count}, int64_t(0));
    drawn.rois = Tensor::drawn<T>(from, dtype, {drawn.rows, 4});
  }
  return drawn;
}

RegionTensors tensors_of(Inputs& drawn, BatchRule rule) {
  const bool has_indices = rule == BatchRule::given || rule == BatchRule::counts;
  return {drawn.features.view(), drawn.rois.view(),
          has_indices ? drawn.batch_indices.view() : kNoTensor, rule};
}

template <class T>
struct Pooled {
  int64_t refused;
  Numbers<T> pooled, gradient;
  bool operator==(const Pooled& other) const {
    return refused == other.refused && pooled == other.pooled && gradient == other.gradient;
  }
};

template <class T>
Tensor room_for_pooled(const Inputs& drawn, Dtype dtype) {
  return Tensor::of(dtype, {drawn.rows, drawn.pooled_channels, drawn.bins[0], drawn.bins[1]}, T(7));
}

template <class T>
Tensor room_for_gradient(const Inputs& drawn, Dtype dtype) {
  return Tensor::of(dtype, {drawn.shape[0], drawn.shape[1], drawn.shape[2], drawn.shape[3]}, T(7));
}

// The sum of the samples of one bin, or the largest; a sample that lies nowhere may count as zero
// times the first pixel.
template <class S, class T>
T plain_bin(const RoiAlignConfig<T>& config, const RoiAxis<T>& y, const RoiAxis<T>& x,
            int64_t bin_y, int64_t bin_x, const Plane<S>& plane) {
  const RoiAlignRule& rule = config.rule;
  const SampleRange ys = usable_samples(y, bin_y, config.height);
  const SampleRange xs = usable_samples(x, bin_x, config.width);
  const bool is_average = rule.reduction == Reduction::average;
  T value = is_average ? T(0) : first_maximum(rule, y, x);
  for (int64_t i = ys.first; i < ys.last; ++i) {
    const Tap<T> tap_y = tap_at(sample_position(y, bin_y, i), config.height);
    for (int64_t j = xs.first; j < xs.last; ++j) {
      const Tap<T> tap_x = tap_at(sample_position(x, bin_x, j), config.width);
      const auto weights = corner_weights(tap_y, tap_x);
      const auto values = corners_of_sample<T>(plane, tap_y, tap_x);
      value = is_average ? value + bilinear(weights, values)
                         : larger(value, sample_maximum(weights, values, rule.reduction));
    }
  }
  const bool is_sampled = y.samples > 0 && x.samples > 0;
  const bool has_unusable =
      is_sampled && (ys.last - ys.first) * (xs.last - xs.first) < y.samples * x.samples;
  if (!is_average) return has_unusable ? larger(value, T(0)) : value;
  if (has_unusable && rule.unusable_sample == UnusableSample::zero_times_origin &&
      config.height > 0 && config.width > 0) {
    value = value + T(0) * static_cast<T>(at(plane, 0, 0));
  }
  return value / sample_count(y, x, rule.count);
}

template <class S, class T>
void expect_plain(const RoiAlignCall& call, const Numbers<S>& pooled) {
  const RoiAlignConfig<T> config = roi_align_config<T>(call);
  RegionInputs<S> inputs = region_inputs<S>(call.regions);
  std::vector<int64_t> images;
  expect(check_regions<T>(
             call.regions, inputs, images,
             [&](const Corners<T>& corners) { return check_geometry(corners, config); }) == 0,
         "the plain loop refuses a region");
  const ChannelGrid grid = channel_grid(config);
  size_t place = 0;
  for (int64_t row = 0; row < inputs.rows; ++row) {
    const Corners<T> corners = corners_of_row<T>(inputs, row);
    const RoiAxis<T> y = roi_axis(corners.y1, corners.y2, config.pooled_height, config);
    const RoiAxis<T> x = roi_axis(corners.x1, corners.x2, config.pooled_width, config);
    const bool is_zero = y.error != RoiError::none || x.error != RoiError::none;
    for (int64_t channel = 0; channel < call.pooled.shape[1]; ++channel) {
      for (int64_t bin_y = 0; bin_y < config.pooled_height; ++bin_y) {
        for (int64_t bin_x = 0; bin_x < config.pooled_width; ++bin_x) {
          const Plane<S> plane =
              plane_of(inputs, inputs.images[row], source_channel(grid, channel, bin_y, bin_x));
          const T value = is_zero ? T(0) : plain_bin(config, y, x, bin_y, bin_x, plane);
          expect(is_same(static_cast<S>(value), pooled.values[place++]),
                 "the plain loop gives another number");
        }
      }
    }
  }
}

template <class T>
void align(Drawn& from, Dtype dtype) {
  RoiAlignCall call;
  call.rule = decode_roi_align_rule(from.rule({2, 2, 2, 3, 2, 2, 2, 3, 2, 5, 2, 4, 2, 2, 2, 2, 2}));
  call.spatial_scale = from.coin() ? 0.5 : from.number();
  call.sampling_ratio = from.below(5) - 1;
  call.threads = 1 + int(from.below(2));
  Inputs drawn = draw_inputs<T>(from, dtype, call.rule.channel_map, call.rule.batch_rule);
  call.regions = tensors_of(drawn, call.rule.batch_rule);
  const Pooled<T> found = at_every_level([&] {
    Tensor pooled = room_for_pooled<T>(drawn, dtype);
    Tensor gradient = room_for_gradient<T>(drawn, dtype);
    call.pooled = pooled.view();
    const int64_t refused = roi_align(call);
    RoiAlignCall backward = call;
    backward.pooled = drawn.gradient.view();
    expect(roi_align_backward(backward, gradient.view()) == refused,
           "forward and backward refuse different regions");
    return Pooled<T>{refused, numbers_of<T>(pooled), numbers_of<T>(gradient)};
  });
  if (found.refused != 0 || call.rule.near_zero_row == NearZeroRow::zero) return;
  if (call.rule.accumulate == RoiAccumulate::float32 && sizeof(T) == 2) {
    return expect_plain<T, float>(call, found.pooled);
  }
  expect_plain<T, T>(call, found.pooled);
}

template <class T>
void pool(Drawn& from, Dtype dtype) {
  RoiPoolCall call;
  call.rule = decode_roi_pool_rule(from.rule({3, 2, 2, 3, 2, 2, 2, 2, 5, 2, 2, 2}));
  call.spatial_scale = from.coin() ? 0.5 : from.number();
  call.threads = 1 + int(from.below(2));
  Inputs drawn = draw_inputs<T>(from, dtype, call.rule.channel_map, call.rule.batch_rule);
  call.regions = tensors_of(drawn, call.rule.batch_rule);
  at_every_level([&] {
    Tensor pooled = room_for_pooled<T>(drawn, dtype);
    Tensor gradient = room_for_gradient<T>(drawn, dtype);
    call.pooled = pooled.view();
    const int64_t refused = roi_pool(call, kNoTensor);
    RoiPoolCall backward = call;
    backward.pooled = drawn.gradient.view();
    expect(roi_pool_backward(backward, kNoTensor, gradient.view()) == refused,
           "forward and backward refuse different regions");
    return Pooled<T>{refused, numbers_of<T>(pooled), numbers_of<T>(gradient)};
  });
}

}  // namespace
}  // namespace opsbridge

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  opsbridge::Drawn from(data, size);
  const opsbridge::Dtype dtype = from.floating();
  const bool pools = from.coin();
  opsbridge::with_floating_type(dtype, [&](auto zero) {
    if (pools) {
      opsbridge::pool<decltype(zero)>(from, dtype);
    } else {
      opsbridge::align<decltype(zero)>(from, dtype);
    }
  });
  return 0;
}
