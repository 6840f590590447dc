// The functions that Python sees, in tvm-ffi's calling convention: __tvm_ffi_<name>.
#include <cmath>
#include <exception>
#include <new>

#include "binding/arguments.h"
#include "ops/nms_host.h"
#include "ops/roi_align_host.h"
#include "runtime/cpu_level.h"

namespace opsbridge {
namespace {

bool is_floating(Dtype dtype) { return dtype == Dtype::float32 || dtype == Dtype::float64; }

void require(bool holds, const char* what) {
  if (!holds) throw BadCall(what);
}

// An output that is absent, or long enough and of one of two integer types.
void require_output(const TensorView& view, int64_t count, Dtype first, Dtype second) {
  if (!is_present(view)) return;
  require(view.dtype == first || view.dtype == second, "an output has the wrong dtype");
  require(view.shape[0] >= count, "an output is too short");
}

int64_t call_nms(Arguments& args) {
  NmsCall call;
  call.boxes = args.tensor(2);
  call.first_box_column = args.integer();
  call.score_column = args.integer();
  call.scores = args.tensor(call.score_column < 0 ? 1 : 2);
  call.groups = args.optional_tensor(1);
  call.rule = decode_nms_rule(args.integer());
  call.iou_threshold = args.number();
  call.score_threshold = args.number();
  call.threshold_decay = args.number();
  call.pre_top_k = args.integer();
  call.max_outputs = args.integer();
  call.shift_limit = args.integer();
  call.keep = args.optional_tensor(1);
  call.keep_mask = args.optional_tensor(1);
  call.sorted_boxes = args.optional_tensor(2);
  call.sorted_positions = args.optional_tensor(1);
  call.sorted_keep_mask = args.optional_tensor(1);
  args.finish();
  const int64_t count = call.boxes.shape[0];
  require(is_floating(call.boxes.dtype) && call.scores.dtype == call.boxes.dtype,
          "boxes and scores must be float32 or float64, both the same");
  require(call.first_box_column >= 0 && call.first_box_column + 4 <= call.boxes.shape[1],
          "boxes have too few columns");
  require(call.scores.shape[0] == count, "boxes and scores differ in length");
  require(call.score_column < 0 || call.score_column < call.scores.shape[1],
          "scores have too few columns");
  require(!is_present(call.groups) ||
              (call.groups.dtype == Dtype::int64 && call.groups.shape[0] == count),
          "groups must be int64, one per box");
  require_output(call.keep, count, Dtype::int64, Dtype::int32);
  require_output(call.keep_mask, count, Dtype::boolean, Dtype::uint8);
  require_output(call.sorted_positions, count, Dtype::int64, Dtype::int32);
  require_output(call.sorted_keep_mask, count, Dtype::boolean, Dtype::uint8);
  require(!is_present(call.sorted_boxes) ||
              (call.sorted_boxes.dtype == call.boxes.dtype && call.sorted_boxes.shape[0] >= count &&
               call.sorted_boxes.shape[1] == 5),
          "sorted_boxes must be (N, 5), of the dtype of boxes");
  return nms(call);
}

int64_t call_roi_align(Arguments& args) {
  RoiAlignCall call;
  call.features = args.tensor(4);
  call.rois = args.tensor(2);
  call.batch_indices = args.optional_tensor(1);
  call.pooled = args.tensor(4);
  call.spatial_scale = args.number();
  call.sampling_ratio = args.integer();
  call.rule = decode_roi_align_rule(args.integer());
  call.threads = static_cast<int>(args.integer());
  args.finish();
  const Dtype dtype = call.features.dtype;
  require(is_floating(dtype) && call.rois.dtype == dtype && call.pooled.dtype == dtype,
          "features, rois and pooled must be float32 or float64, all the same");
  require(call.rois.shape[1] == (is_present(call.batch_indices) ? 4 : 5),
          "rois have the wrong number of columns");
  require(!is_present(call.batch_indices) || call.batch_indices.dtype == Dtype::int64,
          "batch_indices must be int64");
  require(call.rule.batch_rule != BatchRule::given || !is_present(call.batch_indices) ||
              call.batch_indices.shape[0] == call.rois.shape[0],
          "batch_indices and rois differ in length");
  require(call.pooled.shape[0] == call.rois.shape[0] &&
              call.pooled.shape[1] == call.features.shape[1] && call.pooled.shape[2] > 0 &&
              call.pooled.shape[3] > 0,
          "pooled has the wrong shape");
  return roi_align(call);
}

// The level in use as its place in the list of levels, -1 when OPSBRIDGE_ISA cannot be followed.
int64_t call_cpu_level(Arguments& args) {
  args.finish();
  if (cpu_level_problem() != nullptr) throw BadCall(cpu_level_problem());
  const std::string level = cpu_level();
  return level == "baseline" ? 0 : level == "avx2" ? 1 : 2;
}

int raise(const char* kind, const char* message) {
  if (TVMFFIErrorSetRaisedFromCStr != nullptr) TVMFFIErrorSetRaisedFromCStr(kind, message);
  return -1;
}

// No C++ exception may cross into the caller.
int guarded(int64_t (*body)(Arguments&), const ObAny* args, int32_t count, ObAny* result) {
  try {
    Arguments arguments(args, count);
    result->as_int = body(arguments);
    result->padding = 0;
    result->tag = kIntTag;
    return 0;
  } catch (const BadCall& error) {
    return raise("TypeError", error.what());
  } catch (const std::bad_alloc&) {
    return raise("MemoryError", "opsbridge: out of memory");
  } catch (const std::exception& error) {
    return raise("RuntimeError", error.what());
  }
}

}  // namespace
}  // namespace opsbridge

#define OPSBRIDGE_EXPORT(name)                                                              \
  extern "C" __attribute__((visibility("default"))) int __tvm_ffi_##name(                   \
      void*, const ObAny* args, int32_t count, ObAny* result) {                             \
    return opsbridge::guarded(opsbridge::call_##name, args, count, result);                 \
  }

OPSBRIDGE_EXPORT(nms)
OPSBRIDGE_EXPORT(roi_align)
OPSBRIDGE_EXPORT(cpu_level)
