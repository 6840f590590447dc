// RoIAlign on a GPU.
#include "ops/region_work.h"
#include "ops/roi_align_channels_device.h"
#include "ops/roi_align_device.h"
#include "ops/roi_align_planes.h"

namespace opsbridge {
namespace {

// Reading planes costs so many times the reading of neighbouring channels that a copy of the
// features with channels last pays as soon as samples are about as many as pixels.
bool is_copy_worthwhile(const RoiAlignCall& call) {
  const int64_t* shape = call.regions.features.shape;
  const int64_t samples = call.sampling_ratio > 0 ? call.sampling_ratio : 2;
  const double taken = double(call.regions.rois.shape[0]) * double(call.pooled.shape[2]) *
                       double(call.pooled.shape[3]) * double(samples) * double(samples);
  return taken >= double(shape[0]) * double(shape[2]) * double(shape[3]);
}

template <class S, class T>
void run(const Executor& on, Workspace& workspace, Report* report, const RoiAlignCall& call) {
  const TensorView& features = call.regions.features;
  const Plan<S, T> plan = take_plan<S, T>(workspace, call);
  const bool is_team_work = call.rule.reduction == Reduction::average &&
                            call.rule.channel_map == ChannelMap::same &&
                            features.shape[1] >= kWidest<S>;
  const bool is_channels_last = is_team_work && features.strides[1] == 1;
  const bool is_copied = is_team_work && !is_channels_last && is_copy_worthwhile(call);
  S* const copy = is_copied ? take_channels_last<S>(workspace, features) : nullptr;
  if (workspace.is_counting()) return;
  fill_plan(on, plan, report);
  S* const pooled = static_cast<S*>(call.pooled.data);
  if (!is_channels_last && !is_copied) {
    const FillPlanes<S, T> body{plan, pooled, call.pooled.shape[1]};
    return on.each_block(plan.inputs.rows * body.slices(), body);
  }
  const PixelRows<S> pixels =
      is_copied ? copied_channels_last(on, features, copy)
                : pixel_rows<S>(static_cast<const S*>(features.data), features.strides[0],
                                features.strides[2], features.strides[3]);
  const auto teams = ChannelTeams<S>::fitting(features.shape[1]);
  on.each_block(plan.inputs.rows * teams.slices(features.shape[1]),
                FillChannels<S, T>{plan, pixels, teams, pooled});
}

}  // namespace

void roi_align_on_device(const Executor& on, Workspace& workspace, Report* report,
                         const RoiAlignCall& call) {
  with_region_types(call.regions.features.dtype, call.rule.accumulate, [&](auto held, auto wide) {
    run<decltype(held), decltype(wide)>(on, workspace, report, call);
  });
}

}  // namespace opsbridge
