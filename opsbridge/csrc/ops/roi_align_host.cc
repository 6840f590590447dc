#include "ops/roi_align_host.h"

#include "ops/region_work.h"
#include "ops/roi_align_tables.h"
#include "ops/roi_align_work.h"

namespace opsbridge {
namespace {

// Checks every region, then hands configuration and inputs to `work`.
template <class S, class T, class Work>
int64_t run_checked(const RoiAlignCall& call, Work work) {
  const RoiAlignConfig<T> config = roi_align_config<T>(call);
  RegionInputs<S> inputs = region_inputs<S>(call.regions);
  std::vector<int64_t> images;
  const int64_t refused = check_regions<T>(
      call.regions, inputs, images,
      [&config](const Corners<T>& corners) { return check_geometry(corners, config); });
  if (refused == 0) work(config, inputs);
  return refused;
}

// Blocks pay from a few channels on; beyond this many pixels they would take too much memory.
constexpr int64_t kBlockChannelsAtLeast = 4;
constexpr int64_t kBlockPixelsAtMost = int64_t(1) << 26;

template <class T>
bool takes_blocks(const RoiAlignConfig<T>& config) {
  return config.rule.channel_map == ChannelMap::same && config.channels >= kBlockChannelsAtLeast &&
         config.height > 0 && config.width > 0 &&
         config.height <= kBlockPixelsAtMost / config.width;
}

// How many channels a block has: a cache line of what they are widened to.
template <class T>
constexpr int64_t kChannelsOfBlock = sizeof(T) == 8 ? 8 : 16;

// Calls body(block, scratch) for every block of channels of every image.
template <class T, class Body>
void share_blocks(const RegionsByImage& regions, const RoiAlignConfig<T>& config, int threads,
                  Body body) {
  const int64_t images = static_cast<int64_t>(regions.begins.size()) - 1;
  const int64_t blocks = (config.channels + kChannelsOfBlock<T> - 1) / kChannelsOfBlock<T>;
  BlockScratches<T> scratches(config);
  share_work(images * blocks, 1, threads, [&](int64_t first, int64_t) {
    const int64_t image = first / blocks, begin = regions.begins[size_t(image)];
    const RoiAlignBlock block{image, first % blocks * kChannelsOfBlock<T>,
                              regions.rows.data() + begin,
                              regions.begins[size_t(image) + 1] - begin};
    return scratches.with_one([&](BlockScratch<T>& scratch) { return body(block, scratch); });
  });
}

template <class T>
TapSteps tap_steps(const RoiAlignConfig<T>& config, bool in_blocks) {
  if (!in_blocks) return kPixelSteps;
  return TapSteps{config.width * kChannelsOfBlock<T>, kChannelsOfBlock<T>};
}

template <class S, class T>
void fill_pooled(const RoiAlignCall& call, const RoiAlignConfig<T>& config,
                 const RegionInputs<S>& inputs) {
  const bool in_blocks = takes_blocks(config);
  const RegionTables<T> tables(inputs, config, tap_steps(config, in_blocks));
  const RoiAlignJob<S, T> job{config, inputs, tables.regions(), static_cast<S*>(call.pooled.data)};
  if (!in_blocks) {
    return share_work(inputs.rows, kRowsPerRange, call.threads, [&](int64_t first, int64_t last) {
      bool filled = false;
      OPSBRIDGE_AT_LEVEL(filled = roi_align(job, first, last));
      return filled;
    });
  }
  RegionsByImage regions =
      regions_by_image(inputs.images, inputs.rows, call.regions.features.shape[0]);
  sort_by_place(regions, tables.regions());
  share_blocks(regions, config, call.threads,
               [&](const RoiAlignBlock& block, BlockScratch<T>& scratch) {
                 bool filled = true;
                 if (block.count == 0) return filled;
                 OPSBRIDGE_AT_LEVEL(filled = roi_align_block(job, block, scratch));
                 return filled;
               });
}

template <class S, class T>
int64_t run(const RoiAlignCall& call) {
  return run_checked<S, T>(call,
                           [&](const RoiAlignConfig<T>& config, const RegionInputs<S>& inputs) {
                             fill_pooled(call, config, inputs);
                           });
}

template <class S, class T>
void fill_gradient(const RoiAlignCall& call, const TensorView& gradient,
                   const RoiAlignConfig<T>& config, const RegionInputs<S>& inputs) {
  const bool in_blocks = takes_blocks(config) && config.rule.reduction == Reduction::average;
  const RegionTables<T> tables(inputs, config, tap_steps(config, in_blocks));
  const int64_t* strides = call.pooled.strides;
  const RoiAlignGradientJob<S, T> job{config,
                                      inputs,
                                      tables.regions(),
                                      static_cast<const S*>(call.pooled.data),
                                      {strides[0], strides[1], strides[2], strides[3]},
                                      static_cast<S*>(gradient.data)};
  const int64_t images = gradient.shape[0];
  if (!in_blocks) {
    return share_work(images * config.channels, kPlanesPerRange, call.threads,
                      [&](int64_t first, int64_t last) {
                        bool filled = false;
                        OPSBRIDGE_AT_LEVEL(filled = roi_align_backward(job, first, last));
                        return filled;
                      });
  }
  share_blocks(regions_by_image(inputs.images, inputs.rows, images), config, call.threads,
               [&](const RoiAlignBlock& block, BlockScratch<T>& scratch) {
                 bool filled = false;
                 OPSBRIDGE_AT_LEVEL(filled = roi_align_block_backward(job, block, scratch));
                 return filled;
               });
}

template <class S, class T>
int64_t run_backward(const RoiAlignCall& call, const TensorView& gradient) {
  return run_checked<S, T>(call,
                           [&](const RoiAlignConfig<T>& config, const RegionInputs<S>& inputs) {
                             fill_gradient(call, gradient, config, inputs);
                           });
}

}  // namespace

int64_t roi_align(const RoiAlignCall& call) {
  return with_region_types(
      call.regions.features.dtype, call.rule.accumulate,
      [&](auto held, auto wide) { return run<decltype(held), decltype(wide)>(call); });
}

int64_t roi_align_backward(const RoiAlignCall& call, const TensorView& gradient) {
  return with_region_types(call.regions.features.dtype, call.rule.accumulate,
                           [&](auto held, auto wide) {
                             return run_backward<decltype(held), decltype(wide)>(call, gradient);
                           });
}

}  // namespace opsbridge
