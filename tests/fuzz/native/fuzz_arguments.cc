// What the binding reads: arguments of any number, kind and shape, given to every operator. A call
// that does not fit is a TypeError before a kernel runs; nothing reads outside of what was given.
#include "binding/direct.h"
#include "drawn.h"
#include "levels.h"
#include "stand_ins.h"

// The programs of direct calls are read alike for every device.
constexpr opsbridge::DirectPlace kHere{opsbridge::kCpuDevice, 128 * 1024, nullptr};
OPSBRIDGE_EXPORT_DIRECT(nms, kHere)
OPSBRIDGE_EXPORT_DIRECT(roi_align, kHere)

#define OPSBRIDGE_EACH_CALL(macro)                                                                \
  macro(nms) macro(soft_nms) macro(roi_align) macro(roi_align_backward) macro(roi_pool)           \
      macro(roi_pool_backward) macro(box_iou) macro(box_encode) macro(box_decode) macro(box_area) \
          macro(box_convert) macro(clip_boxes) macro(small_boxes) macro(check_valid)              \
              macro(masks_to_boxes) macro(crop_and_resize) macro(nms_direct)                      \
                  macro(roi_align_direct)

#define OPSBRIDGE_DECLARE(name) \
  extern "C" int __tvm_ffi_##name(void*, const ObAny*, int32_t, ObAny*);
OPSBRIDGE_EACH_CALL(OPSBRIDGE_DECLARE)
#undef OPSBRIDGE_DECLARE

namespace opsbridge {
namespace {

constexpr ObFunction kCalls[] = {
#define OPSBRIDGE_LIST(name) __tvm_ffi_##name,
    OPSBRIDGE_EACH_CALL(OPSBRIDGE_LIST)
#undef OPSBRIDGE_LIST
};
constexpr int64_t kCallCount = sizeof kCalls / sizeof *kCalls;

// A tensor as a caller passes it, in memory of its own.
struct Given {
  ObTensor tensor;
  std::vector<int64_t> shape, strides;
  std::vector<char> memory;
};

ObDataType draw_type(Drawn& from) {
  static constexpr ObDataType kTypes[] = {
      {kFloatCode, 32, 1}, {kFloatCode, 64, 1}, {kFloatCode, 16, 1}, {kBrainFloatCode, 16, 1},
      {kIntCode, 64, 1},   {kIntCode, 32, 1},   {kBoolCode, 8, 1},   {kUIntCode, 8, 1},
      {kFloatCode, 32, 2}, {5, 64, 1},          {kIntCode, 8, 1},    {kUIntCode, 16, 1}};
  return kTypes[from.below(sizeof kTypes / sizeof *kTypes)];
}

void draw_tensor(Drawn& from, Given& given) {
  const int64_t rank = from.below(10);
  int64_t count = 1;
  for (int64_t axis = 0; axis < rank; ++axis) {
    given.shape.push_back(from.below(rank > 4 ? 2 : 6));
    count *= given.shape.back();
  }
  int64_t stride = 1;
  for (int64_t axis = rank - 1; axis >= 0; --axis) {
    given.strides.insert(given.strides.begin(), stride);
    stride *= given.shape[size_t(axis)];
  }
  const ObDataType type = draw_type(from);
  given.memory.resize(size_t(count) * type.bits / 8 * type.lanes);
  for (char& each : given.memory) each = static_cast<char>(from.byte());
  const bool is_elsewhere = from.below(32) == 31;
  given.tensor = {given.memory.data(),
                  {is_elsewhere ? kCudaDevice : kCpuDevice, 0},
                  static_cast<int32_t>(rank),
                  type,
                  given.shape.data(),
                  from.coin() ? nullptr : given.strides.data(),
                  0};
}

ObAny draw_argument(Drawn& from, Given& given) {
  ObAny argument{};
  switch (from.below(6)) {
    case 0:
      argument.tag = kNoneTag;
      break;
    case 1:
      argument.tag = kIntTag;
      argument.as_int = from.coin() ? from.below(256) : int64_t(from.bits<int16_t>());
      break;
    case 2:
      argument.tag = kFloatTag;
      argument.as_float = from.number();
      break;
    case 3:
      argument.tag = kBoolTag;
      argument.as_int = from.below(2);
      break;
    default:
      draw_tensor(from, given);
      argument.tag = kTensorPointerTag;
      argument.as_pointer = &given.tensor;
  }
  return argument;
}

}  // namespace
}  // namespace opsbridge

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace opsbridge;
  Drawn from(data, size);
  const ObFunction call = kCalls[from.below(kCallCount)];
  const size_t count = size_t(from.below(28));
  std::vector<Given> given(count);
  std::vector<ObAny> arguments;
  for (Given& each : given) arguments.push_back(draw_argument(from, each));
  ObAny result{};
  raised_kind().clear();
  const int code = call(nullptr, arguments.data(), static_cast<int32_t>(count), &result);
  expect((code == 0) == raised_kind().empty(), "an exception without its sign, or the reverse");
  expect(code == 0 || raised_kind() == "TypeError" || raised_kind() == "RuntimeError",
         "another kind of exception");
  return 0;
}
