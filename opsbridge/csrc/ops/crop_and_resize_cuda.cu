// One thread per number of the crops, in their order: neighbours read and write neighbours.
#include <cmath>

#include "ops/box_numbers_device.h"
#include "ops/crop_and_resize.h"
#include "ops/crop_and_resize_device.h"

namespace opsbridge {
namespace {

template <class S>
struct FillCrops {
  TensorView images, boxes, batch_indices, crops;
  float extrapolation_value;
  Method method;
  Report* report;

  OPSBRIDGE_MEMBER void operator()(int64_t i) const {
    const Division of_pixel = divided(i, crops.shape[3]);
    const Division of_row = divided(of_pixel.quotient, crops.shape[2]);
    const Division of_crop = divided(of_row.quotient, crops.shape[1]);
    const bool is_first =
        of_crop.remainder == 0 && of_row.remainder == 0 && of_pixel.remainder == 0;
    static_cast<float*>(crops.data)[i] =
        number(of_crop.quotient, of_crop.remainder, of_row.remainder, of_pixel.remainder, is_first);
  }

  OPSBRIDGE_MEMBER float number(int64_t row, int64_t y, int64_t x, int64_t channel,
                                bool is_first) const {
    const Four<float> box = exact_row<float>(boxes, row);
    const float* v = box.value;
    const int64_t image = image_of(row);
    const int64_t reason = reason_to_refuse(box, image);
    if (reason != 0) {
      if (is_first) refuse_row(report, row, reason);
      return NAN;
    }
    const int64_t height = images.shape[1], width = images.shape[2];
    if (height == 0 || width == 0) return extrapolation_value;
    const CropTap down = crop_tap(v[0], v[2], height, crops.shape[1], y, method);
    const CropTap across = crop_tap(v[1], v[3], width, crops.shape[2], x, method);
    if (!down.is_inside || !across.is_inside) return extrapolation_value;
    const S* start = static_cast<const S*>(images.data) + image * images.strides[0] +
                     channel * images.strides[3];
    const S* low = start + down.low * images.strides[1];
    const S* high = start + down.high * images.strides[1];
    const int64_t left = across.low * images.strides[2], right = across.high * images.strides[2];
    return mixed(down, across, static_cast<float>(low[left]), static_cast<float>(low[right]),
                 static_cast<float>(high[left]), static_cast<float>(high[right]), method);
  }

  OPSBRIDGE_MEMBER int64_t image_of(int64_t row) const {
    return batch_indices.dtype == Dtype::int32 ? int64_t(read<int32_t>(batch_indices, row))
                                               : read<int64_t>(batch_indices, row);
  }

  OPSBRIDGE_MEMBER int64_t reason_to_refuse(const Four<float>& box, int64_t image) const {
    for (const float value : box.value) {
      if (!(magnitude(value) <= kLargestFraction)) return kNotFinite;
    }
    return image < 0 || image >= images.shape[0] ? kBatchOutOfRange : 0;
  }
};

// Crops without channels have no numbers, but boxes that may be refused.
struct JudgeCrops {
  FillCrops<float> crops;
  OPSBRIDGE_MEMBER void operator()(int64_t row) const {
    const Four<float> box = exact_row<float>(crops.boxes, row);
    const int64_t reason = crops.reason_to_refuse(box, crops.image_of(row));
    if (reason != 0) refuse_row(crops.report, row, reason);
  }
};

}  // namespace

void crop_and_resize_on_device(const Executor& on, Report* report, const CropAndResizeCall& call) {
  const TensorView& crops = call.crops;
  const int64_t pixels = crops.shape[0] * crops.shape[1] * crops.shape[2];
  if (crops.shape[3] == 0) {
    return on.each(crops.shape[0],
                   JudgeCrops{{call.images, call.boxes, call.batch_indices, crops,
                               call.extrapolation_value, call.rule.method, report}});
  }
  with_number_type(call.images.dtype, [&](auto zero) {
    on.each(pixels * crops.shape[3],
            FillCrops<decltype(zero)>{call.images, call.boxes, call.batch_indices, crops,
                                      call.extrapolation_value, call.rule.method, report});
  });
}

}  // namespace opsbridge
