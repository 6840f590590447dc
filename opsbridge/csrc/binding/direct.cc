#include "binding/direct.h"

#include <memory>

#include "binding/checks.h"
#include "binding/direct_call.h"
#include "binding/export.h"

namespace opsbridge {
namespace {

struct Direct {
  ObFunction entry;
  DirectPlace place;
  DirectProgram program;
};

bool has_cut_output(const DirectProgram& program) {
  for (const DirectOutput& output : program.outputs) {
    if (output.is_cut) return true;
  }
  return false;
}

bool place_outputs(const Direct& direct, const ObAny* outputs, DirectCall& call) {
  for (size_t i = 0; i < direct.program.outputs.size(); ++i) {
    const ObTensor* output = tensor_of(outputs[i]);
    if (output == nullptr || bytes_of(*output) > direct.place.most_bytes) return false;
    call.place_output(i, outputs[i]);
  }
  return true;
}

int call_direct(void* self, const ObAny* args, int32_t count, ObAny* result) {
  const Direct& direct = *static_cast<const Direct*>(self);
  const DirectProgram& program = direct.program;
  result->tag = kNoneTag;
  result->padding = 0;
  result->as_int = 0;
  if (count != program.given + static_cast<int64_t>(program.outputs.size())) return 0;
  DirectCall call(program, direct.place.device_type, args);
  if (!call.read_arguments() || !call.choose_rule()) return 0;
  if (!place_outputs(direct, args + program.given, call)) return 0;
  ObAny answer;
  if (direct.entry(nullptr, call.native(), call.count(), &answer) != 0) return -1;
  try {
    int64_t value = answer.as_int;
    if (direct.place.answer != nullptr) {
      if (!has_cut_output(program)) {
        *result = any_of(value);
        return 0;
      }
      value = direct.place.answer(value);
    }
    if (call.is_done(value)) *result = any_of(value);
    return 0;
  } catch (...) {
    return raise_current_exception();
  }
}

void delete_direct(void* self) { delete static_cast<Direct*>(self); }

Direct* read_direct(ObFunction entry, const DirectPlace& place, const ObAny* args, int32_t count) {
  Arguments arguments(args, count);
  const TensorView words = arguments.tensor(1);
  arguments.finish();
  require(words.dtype == Dtype::int64 && words.strides[0] == 1, "a program must be int64 words");
  const auto* first = static_cast<const int64_t*>(words.data);
  return new Direct{entry, place, read_program(first, words.shape[0])};
}

}  // namespace

int make_direct(ObFunction entry, const DirectPlace& place, const ObAny* args, int32_t count,
                ObAny* result) {
  try {
    Direct* direct = read_direct(entry, place, args, count);
    void* function = nullptr;
    if (TVMFFIFunctionCreate(direct, call_direct, delete_direct, &function) != 0) {
      delete_direct(direct);
      return -1;
    }
    result->tag = kFunctionTag;
    result->padding = 0;
    result->as_pointer = function;
    return 0;
  } catch (...) {
    return raise_current_exception();
  }
}

}  // namespace opsbridge
