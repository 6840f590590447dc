// The gradient of RoIAlign on a GPU.
#include "ops/region_work.h"
#include "ops/roi_align_device.h"
#include "ops/roi_align_gather.h"
#include "ops/roi_align_runs_device.h"

namespace opsbridge {
namespace {

template <class S, class T>
void run(const Executor& on, Workspace& workspace, Report* report, const RoiAlignCall& call,
         const TensorView& gradient) {
  const Plan<S, T> plan = take_plan<S, T>(workspace, call);
  if (are_runs_worthwhile<S, T>(call, gradient)) {
    return add_in_runs(on, workspace, report, plan, call, gradient);
  }
  if (workspace.is_counting()) return;
  fill_plan(on, plan, report);
  const int64_t* strides = call.pooled.strides;
  const bool is_same = call.rule.channel_map == ChannelMap::same;
  const GatherGradient<S, T> gather{plan,
                                    static_cast<const S*>(call.pooled.data),
                                    {strides[0], strides[1], strides[2], strides[3]},
                                    static_cast<S*>(gradient.data),
                                    is_same ? kChannelsAtOnce : 1};
  on.each_block(gradient.shape[0] * gather.chunks() * gather.tiles_down() * gather.tiles_across(),
                gather);
}

}  // namespace

void roi_align_backward_on_device(const Executor& on, Workspace& workspace, Report* report,
                                  const RoiAlignCall& call, const TensorView& gradient) {
  with_region_types(call.regions.features.dtype, call.rule.accumulate, [&](auto held, auto wide) {
    run<decltype(held), decltype(wide)>(on, workspace, report, call, gradient);
  });
}

}  // namespace opsbridge
