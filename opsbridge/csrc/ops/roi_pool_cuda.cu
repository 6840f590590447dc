// RoI pooling and its gradient on a GPU: the plan, then the kernels that fill in the results.
#include "ops/region_work.h"
#include "ops/roi_pool_channels_device.h"
#include "ops/roi_pool_gradient_device.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

// Whether every bin gives to one pixel, whose place and whose bins 32 bits can count.
template <class T>
bool is_scattered(const RoiPoolConfig<T>& config) {
  return config.rule.pooling == Pooling::maximum && config.rule.channel_map == ChannelMap::same &&
         config.height * config.width <= kInt32Max &&
         config.pooled_height * config.pooled_width <= kMostBinsOfRegion;
}

// Reading neighbouring channels is so much faster that a copy of the features with channels last
// pays as soon as bins are about as many as pixels.
bool is_copy_worthwhile(const RoiPoolCall& call) {
  const int64_t *shape = call.regions.features.shape, *pooled = call.pooled.shape;
  return 4.0 * double(pooled[0]) * double(pooled[2]) * double(pooled[3]) >=
         double(shape[0]) * double(shape[2]) * double(shape[3]);
}

template <class S, class T>
void run(const Executor& on, Workspace& workspace, Report* report, const RoiPoolCall& call,
         const TensorView& argmax) {
  const TensorView& features = call.regions.features;
  const PoolPlan<S, T> plan = take_plan<S, T>(workspace, call);
  const bool is_team_work = is_scattered(plan.config) && features.shape[1] >= kWidest<S>;
  const bool is_channels_last = is_team_work && features.strides[1] == 1;
  const bool is_copied = is_team_work && !is_channels_last && is_copy_worthwhile(call);
  S* const copy = is_copied ? take_channels_last<S>(workspace, features) : nullptr;
  if (workspace.is_counting()) return;
  fill_plan(on, plan, call, call.rule.clip_high, report);
  const PooledBins<S> out{static_cast<S*>(call.pooled.data), static_cast<int32_t*>(argmax.data),
                          call.pooled.shape[1]};
  if (!is_channels_last && !is_copied) return fill_bins(on, plan, out);
  const PixelRows<S> pixels =
      is_copied ? copied_channels_last(on, features, copy)
                : pixel_rows<S>(static_cast<const S*>(features.data), features.strides[0],
                                features.strides[2], features.strides[3]);
  const auto teams = ChannelTeams<S>::fitting(out.channels);
  on.each_block(plan.inputs.rows * teams.slices(out.channels),
                FillPoolChannels<S, T>{plan, out, pixels, teams});
}

// Finds the places of the maxima again where they are not given.
template <class S, class T>
void scatter(const Executor& on, Workspace& workspace, Report* report, const RoiPoolCall& call,
             const TensorView& argmax, const TensorView& gradient) {
  const PoolPlan<S, T> plan = take_plan<S, T>(workspace, call);
  const RoiPoolConfig<T>& config = plan.config;
  const TileGrid tiles{config.height, config.width};
  const int64_t rows = plan.inputs.rows, spans = (tiles.down() + tiles.across()) * rows;
  const int64_t width = config.pooled_width, bins = config.pooled_height * width;
  PixelSpan* const span = workspace.take<PixelSpan>(spans);
  BinsOfCall<int32_t> places = bins_of_call<int32_t>(argmax);
  if (!is_present(argmax)) {
    int32_t* const found = workspace.take<int32_t>(rows * config.channels * bins);
    places = BinsOfCall<int32_t>{found, {config.channels * bins, bins, width, 1}};
  }
  if (workspace.is_counting()) return;
  fill_plan(on, plan, call, gradient_clip(call.rule), report);
  if (config.channels * config.height * config.width == 0) return;
  if (!is_present(argmax)) {
    fill_bins(on, plan,
              PooledBins<S>{nullptr, const_cast<int32_t*>(places.first), config.channels});
  }
  on.each(spans, PlanSpan{tiles, plan.bins, rows, config.pooled_height, width, span});
  const ScatterTile<S, T> body{plan,
                               tiles,
                               span,
                               bins_of_call<S>(call.pooled),
                               places,
                               divisor_of(config.width),
                               static_cast<S*>(gradient.data)};
  on.each_team(gradient.shape[0] * body.groups() * tiles.down() * tiles.across(), body);
}

template <class S, class T>
void gather(const Executor& on, Workspace& workspace, Report* report, const RoiPoolCall& call,
            const TensorView& gradient) {
  const PoolPlan<S, T> plan = take_plan<S, T>(workspace, call);
  if (workspace.is_counting()) return;
  fill_plan(on, plan, call, gradient_clip(call.rule), report);
  const bool is_same = call.rule.channel_map == ChannelMap::same;
  const GatherPixels<S, T> body{plan, bins_of_call<S>(call.pooled), static_cast<S*>(gradient.data),
                                is_same ? GatherPixels<S, T>::kChannelsAtOnce : 1};
  on.each_block(gradient.shape[0] * body.chunks() * body.down() * body.across(), body);
}

}  // namespace

void roi_pool_on_device(const Executor& on, Workspace& workspace, Report* report,
                        const RoiPoolCall& call, const TensorView& argmax) {
  with_region_types(call.regions.features.dtype, call.rule.accumulate, [&](auto held, auto wide) {
    run<decltype(held), decltype(wide)>(on, workspace, report, call, argmax);
  });
}

void roi_pool_backward_on_device(const Executor& on, Workspace& workspace, Report* report,
                                 const RoiPoolCall& call, const TensorView& argmax,
                                 const TensorView& gradient) {
  with_region_types(call.regions.features.dtype, call.rule.accumulate, [&](auto held, auto wide) {
    using S = decltype(held);
    using T = decltype(wide);
    if (is_scattered(roi_pool_config<T>(call))) {
      scatter<S, T>(on, workspace, report, call, argmax, gradient);
    } else {
      gather<S, T>(on, workspace, report, call, gradient);
    }
  });
}

}  // namespace opsbridge
