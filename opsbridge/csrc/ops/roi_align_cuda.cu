// RoIAlign with one thread per bin and a few channels, and its gradient with one thread per pixel
// and a few channels: it adds what every region gives to its pixel in the order in which the CPU
// does, so that no atomics are needed and the sums are the same.
#include "ops/region_work.h"
#include "ops/roi_align_device.h"
#include "ops/roi_align_taps.h"
#include "opsbridge/dispatch.h"

namespace opsbridge {
namespace {

constexpr int kChannelsAtOnce = 8;
constexpr int kTile = 16;  // pixels, along both axes
static_assert(kTile * kTile == kThreadsPerBlock, "a thread per pixel of a tile");

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

template <class S, class T>
struct PlanRegion {
  Plan<S, T> plan;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    PlannedRegion<T>& region = plan.regions[row];
    const Corners<T> corners = corners_of_row<T>(plan.inputs, row);
    const RoiAlignConfig<T>& config = plan.config;
    region.image = 0;
    int64_t place = row;
    RoiError error = find_image(row, region.image, place);
    if (error == RoiError::none) error = check_geometry(corners, config);
    region.y = roi_axis(corners.y1, corners.y2, config.pooled_height, config);
    region.x = roi_axis(corners.x1, corners.x2, config.pooled_width, config);
    const bool is_zero = region.y.error != RoiError::none || region.x.error != RoiError::none ||
                         (config.rule.near_zero_row == NearZeroRow::zero && is_near_zero(corners));
    region.state = is_zero ? RowState::zero : RowState::computed;
    if (error == RoiError::none) return;
    region.state = RowState::refused;
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

template <class S, class T>
struct PlanBin {
  Plan<S, T> plan;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const Division at = divided(i, plan.spans_per_region());
    BinSpan& span = plan.spans[i];
    span = BinSpan{SampleRange{0, 0}, 0, -1};
    const PlannedRegion<T>& region = plan.regions[at.quotient];
    if (region.state != RowState::computed) return;
    const bool is_row = at.remainder < plan.config.pooled_height;
    const RoiAxis<T>& axis = is_row ? region.y : region.x;
    const int64_t bin = is_row ? at.remainder : at.remainder - plan.config.pooled_height;
    const int64_t size = is_row ? plan.config.height : plan.config.width;
    span.samples = usable_of_bin(axis, bin, size);
    if (span.samples.first >= span.samples.last) return;
    // Samples are in order, one way or the other.
    const Tap<T> first = tap_at(sample_position(axis, bin, span.samples.first), size);
    const Tap<T> last = tap_at(sample_position(axis, bin, span.samples.last - 1), size);
    span.low = smaller(first.low, last.low);
    span.high = larger(first.high, last.high);
  }
};

template <class T>
OPSBRIDGE_FN bool has_unusable(const PlannedRegion<T>& region, const BinSpan& y, const BinSpan& x) {
  if (region.y.samples <= 0 || region.x.samples <= 0) return false;
  return y.samples.first > 0 || y.samples.last < region.y.samples || x.samples.first > 0 ||
         x.samples.last < region.x.samples;
}

// Calls body(y, x) with the neighbours of every usable sample of a bin, rows outside.
template <class S, class T, class Body>
OPSBRIDGE_FN void for_each_sample(const Plan<S, T>& plan, const PlannedRegion<T>& region,
                                  int64_t bin_y, const BinSpan& ys, int64_t bin_x,
                                  const BinSpan& xs, const Body& body) {
  for (int64_t i = ys.samples.first; i < ys.samples.last; ++i) {
    const Tap<T> y = tap_at(sample_position(region.y, bin_y, i), plan.config.height);
    for (int64_t j = xs.samples.first; j < xs.samples.last; ++j) {
      body(i, j, y, tap_at(sample_position(region.x, bin_x, j), plan.config.width));
    }
  }
}

// One bin of one region, in up to kChannelsAtOnce channels.
template <class S, class T>
struct FillBin {
  Plan<S, T> plan;
  S* pooled;
  int64_t channels;  // of the result

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const RoiAlignConfig<T>& config = plan.config;
    const int64_t bins = config.pooled_height * config.pooled_width;
    const int64_t chunks = (channels + kChannelsAtOnce - 1) / kChannelsAtOnce;
    const Division bin = divided(i, bins);
    const Division chunk = divided(bin.quotient, chunks);
    const int64_t row = chunk.quotient, first = chunk.remainder * kChannelsAtOnce;
    const int64_t count = smaller(channels - first, int64_t(kChannelsAtOnce));
    const PlannedRegion<T>& region = plan.regions[row];
    S* out = pooled + (row * channels + first) * bins + bin.remainder;
    if (region.state != RowState::computed) {
      const bool is_zero = region.state == RowState::zero;
      const S value = is_zero ? S(0.0f) : S(float_of_bits(0x7fc00000));
      for (int64_t c = 0; c < count; ++c) out[c * bins] = value;
      return;
    }
    fill(region, row, first, count, bin.remainder / config.pooled_width,
         bin.remainder % config.pooled_width, out, bins);
  }

  OPSBRIDGE_MEMBER void fill(const PlannedRegion<T>& region, int64_t row, int64_t first,
                             int64_t count, int64_t bin_y, int64_t bin_x, S* out,
                             int64_t step) const {
    const RoiAlignConfig<T>& config = plan.config;
    const RoiAlignRule& rule = config.rule;
    const ChannelGrid grid = channel_grid(config);
    const BinSpan ys = plan.rows_of(row)[bin_y], xs = plan.columns_of(row)[bin_x];
    const bool is_average = rule.reduction == Reduction::average;
    Plane<S> plane = plane_of(plan.inputs, region.image, source_channel(grid, first, bin_y, bin_x));
    const int64_t plane_step = source_channel(grid, 1, 0, 0) * plan.inputs.feature_strides[1];
    T folded[kChannelsAtOnce];
    for (int c = 0; c < kChannelsAtOnce; ++c)
      folded[c] = is_average ? T(0) : first_maximum<T>(rule, region.y, region.x);
    for_each_sample(plan, region, bin_y, ys, bin_x, xs,
                    [&](int64_t, int64_t, const Tap<T>& y, const Tap<T>& x) {
                      const SampleCorners<T> weights = corner_weights(y, x);
                      for (int c = 0; c < kChannelsAtOnce; ++c) {
                        if (c >= count) continue;
                        const Plane<S> own{plane.origin + c * plane_step, plane.row_stride,
                                           plane.column_stride};
                        const SampleCorners<T> corners = corners_of_sample<T>(own, y, x);
                        folded[c] = is_average ? folded[c] + bilinear(weights, corners)
                                               : larger(folded[c], sample_maximum(weights, corners,
                                                                                  rule.reduction));
                      }
                    });
    const bool unusable = has_unusable(region, ys, xs);
    const bool adds_zero = rule.unusable_sample == UnusableSample::zero_times_origin &&
                           config.height > 0 && config.width > 0 && unusable;
    for (int c = 0; c < kChannelsAtOnce; ++c) {
      if (c >= count) continue;
      if (is_average) {
        if (adds_zero) {
          folded[c] = folded[c] + T(0) * static_cast<T>(plane.origin[c * plane_step]);
        }
        folded[c] = folded[c] / sample_count(region.y, region.x, rule.count);
      } else if (unusable) {
        folded[c] = larger(folded[c], T(0));
      }
      out[c * step] = static_cast<S>(folded[c]);
    }
  }
};

// The samples of a bin that can read a pixel: all of a few, else found by halving.
template <class T>
OPSBRIDGE_FN SampleRange samples_at(const RoiAxis<T>& axis, int64_t bin, const BinSpan& span,
                                    int64_t pixel, int64_t size) {
  if (pixel < span.low || pixel > span.high) return SampleRange{0, 0};
  if (span.samples.last - span.samples.first <= 8) return span.samples;
  const bool ascends = axis.bin >= T(0);
  int64_t ends[2];
  for (int end = 0; end < 2; ++end) {
    int64_t low = span.samples.first, high = span.samples.last;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      const int64_t at = tap_at(sample_position(axis, bin, middle), size).low;
      // Samples read a pixel whose lower neighbour is the pixel itself or the one before.
      const bool is_before = ascends ? at < pixel - 1 : at > pixel;
      const bool is_not_after = ascends ? at <= pixel : at >= pixel - 1;
      if (end == 0 ? is_before : is_not_after) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    ends[end] = low;
  }
  return SampleRange{ends[0], ends[1]};
}

template <class S, class T>
struct GatherGradient {
  // Which of a batch of regions touch the tile.
  struct Shared {
    unsigned touching[kThreadsPerBlock / 32];
  };
  struct Sums {
    T of[kChannelsAtOnce];
  };
  // What a thread adds up.
  struct Pixel {
    int64_t image, y, x, first, count;
  };

  Plan<S, T> plan;
  const S* pooled;
  int64_t pooled_strides[4];
  S* gradient;
  int64_t at_once;  // channels that share their bins

  OPSBRIDGE_MEMBER int64_t tiles_down() const { return (plan.config.height + kTile - 1) / kTile; }
  OPSBRIDGE_MEMBER int64_t tiles_across() const { return (plan.config.width + kTile - 1) / kTile; }
  OPSBRIDGE_MEMBER int64_t chunks() const { return (plan.config.channels + at_once - 1) / at_once; }

  template <class Threads>
  OPSBRIDGE_MEMBER void operator()(const Threads& threads, Shared& shared, int64_t tile) const {
    const RoiAlignConfig<T>& config = plan.config;
    const Division across = divided(tile, tiles_across());
    const Division down = divided(across.quotient, tiles_down());
    const Division chunk = divided(down.quotient, chunks());
    const int64_t top = down.remainder * kTile, left = across.remainder * kTile;
    const int64_t first = chunk.remainder * at_once;
    const Pixel corner{chunk.quotient, top, left, first, smaller(config.channels - first, at_once)};
    PerThread<Sums> sums;
    threads.each([&](int thread) {
      for (int c = 0; c < kChannelsAtOnce; ++c) sums[thread].of[c] = T(0);
    });
    for (int64_t begin = 0; begin < plan.inputs.rows; begin += kThreadsPerBlock) {
      threads.each([&](int thread) {
        if (thread < kThreadsPerBlock / 32) shared.touching[thread] = 0;
      });
      threads.each([&](int thread) {
        const int64_t row = begin + thread;
        if (row < plan.inputs.rows && touches(row, corner)) {
          set_bits(&shared.touching[thread / 32], 1u << (thread % 32));
        }
      });
      threads.each([&](int thread) {
        const Pixel pixel = pixel_of(corner, thread);
        if (pixel.y >= config.height || pixel.x >= config.width) return;
        for (int word = 0; word < kThreadsPerBlock / 32; ++word) {
          int64_t row = begin + word * 32;
          for (unsigned bits = shared.touching[word]; bits != 0; bits >>= 1, ++row) {
            if (bits & 1) add_region(row, pixel, sums[thread].of);
          }
        }
      });
    }
    threads.each([&](int thread) {
      const Pixel pixel = pixel_of(corner, thread);
      if (pixel.y >= config.height || pixel.x >= config.width) return;
      const int64_t plane = config.height * config.width;
      S* out = gradient + (pixel.image * config.channels + first) * plane + pixel.y * config.width +
               pixel.x;
      for (int c = 0; c < kChannelsAtOnce; ++c) {
        if (c < pixel.count) out[c * plane] = static_cast<S>(sums[thread].of[c]);
      }
    });
  }

  OPSBRIDGE_MEMBER Pixel pixel_of(const Pixel& corner, int thread) const {
    return Pixel{corner.image, corner.y + thread / kTile, corner.x + thread % kTile, corner.first,
                 corner.count};
  }

  OPSBRIDGE_MEMBER bool touches(int64_t row, const Pixel& corner) const {
    const PlannedRegion<T>& region = plan.regions[row];
    if (region.state != RowState::computed || region.image != corner.image) return false;
    return meets(plan.rows_of(row), plan.config.pooled_height, corner.y) &&
           meets(plan.columns_of(row), plan.config.pooled_width, corner.x);
  }

  OPSBRIDGE_MEMBER bool meets(const BinSpan* spans, int64_t bins, int64_t begin) const {
    for (int64_t bin = 0; bin < bins; ++bin) {
      if (spans[bin].low < begin + kTile && spans[bin].high >= begin) return true;
    }
    return false;
  }

  OPSBRIDGE_MEMBER void add_region(int64_t row, const Pixel& pixel, T* sums) const {
    const PlannedRegion<T>& region = plan.regions[row];
    const SourceBins own = bins_of_source(channel_grid(plan.config), pixel.first);
    const BinSpan* rows = plan.rows_of(row);
    const BinSpan* columns = plan.columns_of(row);
    const S* from = pooled + row * pooled_strides[0] + own.channel * pooled_strides[1];
    for (int64_t y = own.first_y; y < own.last_y; ++y) {
      if (pixel.y < rows[y].low || pixel.y > rows[y].high) continue;
      for (int64_t x = own.first_x; x < own.last_x; ++x) {
        if (pixel.x < columns[x].low || pixel.x > columns[x].high) continue;
        const S* bin = from + y * pooled_strides[2] + x * pooled_strides[3];
        if (plan.config.rule.reduction == Reduction::average) {
          add_average(region, rows[y], y, columns[x], x, bin, pixel, sums);
        } else {
          for (int c = 0; c < kChannelsAtOnce; ++c) {
            if (c < pixel.count)
              add_maximum(region, rows[y], y, columns[x], x, bin, pixel, c, sums);
          }
        }
      }
    }
  }

  OPSBRIDGE_MEMBER void add_average(const PlannedRegion<T>& region, const BinSpan& ys,
                                    int64_t bin_y, const BinSpan& xs, int64_t bin_x, const S* bin,
                                    const Pixel& pixel, T* sums) const {
    const int64_t height = plan.config.height, width = plan.config.width;
    const SampleRange rows = samples_at(region.y, bin_y, ys, pixel.y, height);
    const SampleRange columns = samples_at(region.x, bin_x, xs, pixel.x, width);
    const T count = sample_count(region.y, region.x, plan.config.rule.count);
    for (int64_t i = rows.first; i < rows.last; ++i) {
      const Tap<T> y = tap_at(sample_position(region.y, bin_y, i), height);
      if (y.low != pixel.y && y.high != pixel.y) continue;
      for (int64_t j = columns.first; j < columns.last; ++j) {
        const Tap<T> x = tap_at(sample_position(region.x, bin_x, j), width);
        if (x.low != pixel.x && x.high != pixel.x) continue;
        add_sample(y, x, bin, pixel, 0, pixel.count, count, sums);
      }
    }
  }

  // The shares of the sample's corners that are this pixel, in the order of the corners.
  OPSBRIDGE_MEMBER void add_sample(const Tap<T>& y, const Tap<T>& x, const S* bin,
                                   const Pixel& pixel, int64_t begin, int64_t end, T count,
                                   T* sums) const {
    const SampleCorners<T> weights = corner_weights(y, x);
    const T listed[4] = {weights.low_low, weights.low_high, weights.high_low, weights.high_high};
    for (int corner = 0; corner < 4; ++corner) {
      if ((corner < 2 ? y.low : y.high) != pixel.y) continue;
      if ((corner % 2 == 0 ? x.low : x.high) != pixel.x) continue;
      for (int c = 0; c < kChannelsAtOnce; ++c) {
        if (c < begin || c >= end) continue;
        const T given = static_cast<T>(bin[c * pooled_strides[1]]);
        sums[c] = sums[c] + (given * listed[corner]) / count;
      }
    }
  }

  // Finds the sample that the forward pass took, as chosen_sample of the CPU does.
  OPSBRIDGE_MEMBER void add_maximum(const PlannedRegion<T>& region, const BinSpan& ys,
                                    int64_t bin_y, const BinSpan& xs, int64_t bin_x, const S* bin,
                                    const Pixel& pixel, int c, T* sums) const {
    const RoiAlignRule& rule = plan.config.rule;
    const Plane<S> features = plane_of(plan.inputs, pixel.image, pixel.first + c);
    const bool has_zero = has_unusable(region, ys, xs);
    int64_t until_zero = has_zero ? samples_before_zero(region, ys, xs) : -1;
    T best = first_maximum<T>(rule, region.y, region.x);
    bool is_chosen = false;
    Tap<T> chosen_y{}, chosen_x{};
    for_each_sample(plan, region, bin_y, ys, bin_x, xs,
                    [&](int64_t, int64_t, const Tap<T>& y, const Tap<T>& x) {
                      if (until_zero-- == 0 && best < T(0)) {
                        best = T(0);
                        is_chosen = false;
                      }
                      const T value =
                          sample_maximum(corner_weights(y, x), corners_of_sample<T>(features, y, x),
                                         rule.reduction);
                      if (!(value > best)) return;
                      best = value;
                      is_chosen = true;
                      chosen_y = y;
                      chosen_x = x;
                    });
    if (!is_chosen || (has_zero && best < T(0))) return;
    if (rule.reduction == Reduction::maximum) {
      return add_sample(chosen_y, chosen_x, bin, pixel, c, c + 1, T(1), sums);
    }
    const SampleCorners<T> weights = corner_weights(chosen_y, chosen_x);
    const T listed[4] = {weights.low_low, weights.low_high, weights.high_low, weights.high_high};
    const int corner = largest_corner(weights, corners_of_sample<T>(features, chosen_y, chosen_x));
    if ((corner < 2 ? chosen_y.low : chosen_y.high) != pixel.y) return;
    if ((corner % 2 == 0 ? chosen_x.low : chosen_x.high) != pixel.x) return;
    sums[c] = sums[c] + static_cast<T>(bin[c * pooled_strides[1]]) * listed[corner];
  }

  OPSBRIDGE_MEMBER int64_t samples_before_zero(const PlannedRegion<T>& region, const BinSpan& ys,
                                               const BinSpan& xs) const {
    if (ys.samples.first > 0 || xs.samples.first > 0) return 0;
    const int64_t rows = ys.samples.last - ys.samples.first;
    const int64_t columns = xs.samples.last - xs.samples.first;
    return xs.samples.last < region.x.samples ? columns : rows * columns;
  }
};

// The geometry of all regions; false: the workspace only counts.
template <class S, class T>
bool make_plan(const Executor& on, Workspace& workspace, Report* report, const RoiAlignCall& call,
               Plan<S, T>& plan) {
  plan.config = roi_align_config<T>(call);
  plan.inputs = region_inputs<S>(call.regions);
  plan.tensors = call.regions;
  const int64_t rows = plan.inputs.rows;
  plan.regions = workspace.take<PlannedRegion<T>>(rows);
  plan.spans = workspace.take<BinSpan>(rows * plan.spans_per_region());
  if (workspace.is_counting()) return false;
  on.each(1, StartReport{report});
  on.each(rows, PlanRegion<S, T>{plan, report});
  on.each(rows * plan.spans_per_region(), PlanBin<S, T>{plan});
  return true;
}

template <class S, class T>
void run(const Executor& on, Workspace& workspace, Report* report, const RoiAlignCall& call) {
  Plan<S, T> plan;
  if (!make_plan(on, workspace, report, call, plan)) return;
  const int64_t channels = call.pooled.shape[1];
  const int64_t chunks = (channels + kChannelsAtOnce - 1) / kChannelsAtOnce;
  on.each(plan.inputs.rows * chunks * plan.config.pooled_height * plan.config.pooled_width,
          FillBin<S, T>{plan, static_cast<S*>(call.pooled.data), channels});
}

template <class S, class T>
void run_backward(const Executor& on, Workspace& workspace, Report* report,
                  const RoiAlignCall& call, const TensorView& gradient) {
  Plan<S, T> plan;
  if (!make_plan(on, workspace, report, call, plan)) return;
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

void roi_align_on_device(const Executor& on, Workspace& workspace, Report* report,
                         const RoiAlignCall& call) {
  with_region_types(call.regions.features.dtype, call.rule.accumulate, [&](auto held, auto wide) {
    run<decltype(held), decltype(wide)>(on, workspace, report, call);
  });
}

void roi_align_backward_on_device(const Executor& on, Workspace& workspace, Report* report,
                                  const RoiAlignCall& call, const TensorView& gradient) {
  with_region_types(call.regions.features.dtype, call.rule.accumulate, [&](auto held, auto wide) {
    run_backward<decltype(held), decltype(wide)>(on, workspace, report, call, gradient);
  });
}

}  // namespace opsbridge
