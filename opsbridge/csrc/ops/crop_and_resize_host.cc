#include "ops/crop_and_resize_host.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "ops/box_rows.h"
#include "ops/crop_and_resize.h"
#include "opsbridge/dispatch.h"
#include "runtime/thread_pool.h"

namespace opsbridge {
namespace {

int64_t image_of(const CropAndResizeCall& call, int64_t row) {
  return call.batch_indices.dtype == Dtype::int32 ? read<int32_t>(call.batch_indices, row)
                                                  : read<int64_t>(call.batch_indices, row);
}

int64_t refused(const CropAndResizeCall& call) {
  for (int64_t row = 0; row < call.boxes.shape[0]; ++row) {
    for (const float value : read_row<float>(call.boxes, row).value) {
      if (!(std::fabs(value) <= kLargestFraction)) return refused_row(row, kNotFinite);
    }
    const int64_t image = image_of(call, row);
    if (image < 0 || image >= call.images.shape[0]) return refused_row(row, kBatchOutOfRange);
  }
  return 0;
}

std::vector<CropTap> taps(float start, float end, int64_t size, int64_t crop_size, Method method) {
  std::vector<CropTap> result(static_cast<size_t>(crop_size));
  for (int64_t i = 0; i < crop_size; ++i) {
    result[static_cast<size_t>(i)] =
        size > 0 ? crop_tap(start, end, size, crop_size, i, method) : CropTap{0, 0, 0.0f, false};
  }
  return result;
}

// All channels of one place of a crop, from the four pixels around it.
template <class S>
void fill_pixel(const CropAndResizeCall& call, const S* image, const CropTap& y, const CropTap& x,
                float* pixel) {
  const TensorView& images = call.images;
  const int64_t channels = images.shape[3], step = images.strides[3];
  if (!y.is_inside || !x.is_inside) {
    std::fill(pixel, pixel + channels, call.extrapolation_value);
    return;
  }
  const auto at = [&](int64_t row, int64_t column) {
    return image + row * images.strides[1] + column * images.strides[2];
  };
  const S *low_low = at(y.low, x.low), *low_high = at(y.low, x.high);
  const S *high_low = at(y.high, x.low), *high_high = at(y.high, x.high);
  const auto fill = [&](auto step) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const int64_t place = channel * step;
      pixel[channel] =
          mixed(y, x, static_cast<float>(low_low[place]), static_cast<float>(low_high[place]),
                static_cast<float>(high_low[place]), static_cast<float>(high_high[place]),
                call.rule.method);
    }
  };
  if (step == 1) {
    fill(std::integral_constant<int64_t, 1>());  // known at compile time: channels in vectors
  } else {
    fill(step);
  }
}

template <class S>
void crop(const CropAndResizeCall& call, int64_t row) {
  const TensorView& images = call.images;
  const int64_t height = call.crops.shape[1], width = call.crops.shape[2];
  const Four<float> box = read_row<float>(call.boxes, row);
  const float* v = box.value;
  const std::vector<CropTap> ys = taps(v[0], v[2], images.shape[1], height, call.rule.method);
  const std::vector<CropTap> xs = taps(v[1], v[3], images.shape[2], width, call.rule.method);
  const S* image = static_cast<const S*>(images.data) + image_of(call, row) * images.strides[0];
  float* pixel = result_row<float>(call.crops, row, height * width * images.shape[3]);
  for (const CropTap& y : ys) {
    for (const CropTap& x : xs) {
      fill_pixel(call, image, y, x, pixel);
      pixel += images.shape[3];
    }
  }
}

}  // namespace

int64_t crop_and_resize(const CropAndResizeCall& call) {
  const int64_t word = refused(call);
  if (word != 0) return word;
  with_number_type(call.images.dtype, [&](auto zero) {
    parallel_for(call.boxes.shape[0], 1, call.threads, [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) crop<decltype(zero)>(call, row);
    });
  });
  return 0;
}

}  // namespace opsbridge
