#include "binding/mindspore.h"

#include <cstring>
#include <stdexcept>
#include <string>

namespace opsbridge {

static DescribeRefusal describe_refusal = nullptr;

namespace {

// A hole is what Python passes as an opaque pointer: the place of an input + 1, or of an output.
constexpr int32_t kHoleTag = 4;
constexpr int64_t kFirstOutputHole = 65;
constexpr int kTemplateAxes = 2;

struct NamedType {
  const char* name;
  ObDataType type;
};

constexpr NamedType kTypes[] = {
    {"bool", {kBoolCode, 8, 1}},
    {"uint8", {kUIntCode, 8, 1}},
    {"uint16", {kUIntCode, 16, 1}},
    {"int8", {kIntCode, 8, 1}},
    {"int16", {kIntCode, 16, 1}},
    {"int32", {kIntCode, 32, 1}},
    {"int64", {kIntCode, 64, 1}},
    {"float16", {kFloatCode, 16, 1}},
    {"float32", {kFloatCode, 32, 1}},
    {"float64", {kFloatCode, 64, 1}},
    {"bfloat16", {kBrainFloatCode, 16, 1}},
};

ObDataType type_named(const char* name) {
  for (const NamedType& each : kTypes) {
    if (std::strcmp(each.name, name) == 0) return each.type;
  }
  return {0, 0, 0};
}

int64_t size_of(const ObTensor& tensor) {
  int64_t bytes = tensor.dtype.bits / 8;
  for (int axis = 0; axis < tensor.ndim; ++axis) bytes *= tensor.shape[axis];
  return bytes;
}

// What the first rows of the call tensor say before the arguments.
struct RecordedCall {
  int64_t id;           // what Python knows the call by
  int64_t cut_outputs;  // a bit for each output of which only some rows are filled
  int64_t count;        // of the arguments
  bool counts_rows;     // whether the result is how many rows are filled; below 0 it refuses
  const ObAny* args;

  explicit RecordedCall(const void* data) {
    const int64_t* words = static_cast<const int64_t*>(data);
    id = words[0];
    cut_outputs = words[1];
    count = words[2];
    counts_rows = words[3] != 0;
    args = reinterpret_cast<const ObAny*>(words + 4);
  }
};

int template_count(int64_t* const* shapes) { return static_cast<int>(shapes[0][1]); }

int64_t axis_size(int64_t word, int64_t* const* inputs) {
  if (word % 2 == 0) return word / 2;
  return inputs[word / 2 / 16][word / 2 % 16];
}

// Rows past the kept ones: -1 in integers, 0 in floats.
void fill_rest(const ObTensor& output, int64_t rows) {
  const int64_t row_bytes = output.shape[0] == 0 ? 0 : size_of(output) / output.shape[0];
  const int filling = output.dtype.code == kIntCode ? 0xff : 0;
  std::memset(static_cast<char*>(output.data) + rows * row_bytes, filling,
              static_cast<size_t>((output.shape[0] - rows) * row_bytes));
}

[[noreturn]] void refuse(const std::string& plainly, const RecordedCall& call,
                         const GraphTensors& tensors) {
  std::string text(4096, '\0');
  if (describe_refusal != nullptr) {
    const int first = template_count(tensors.shapes) + 1;
    describe_refusal(call.id, tensors.data + first, tensors.shapes + first, &text[0],
                     static_cast<int64_t>(text.size()));
  }
  text.resize(std::strlen(text.c_str()));
  throw std::runtime_error(text.empty() ? plainly : text);
}

}  // namespace

void run_recorded(CallBody body, const char* name, const GraphTensors& tensors) {
  const int outputs = template_count(tensors.shapes);
  const RecordedCall call(tensors.data[outputs]);
  std::vector<ObTensor> views(static_cast<size_t>(tensors.count));
  for (int i = 0; i < tensors.count; ++i) {
    views[static_cast<size_t>(i)] = {tensors.data[i],
                                     {kCpuDevice, 0},
                                     tensors.ranks[i],
                                     type_named(tensors.dtypes[i]),
                                     tensors.shapes[i],
                                     nullptr,
                                     0};
  }
  ObTensor* inputs = views.data() + outputs + 1;
  ObTensor* results = views.data() + tensors.count - outputs;
  std::vector<ObAny> args(call.args, call.args + call.count);
  for (ObAny& arg : args) {
    if (arg.tag != kHoleTag) continue;
    const int64_t hole = arg.as_int;
    arg.tag = kTensorPointerTag;
    arg.as_pointer =
        hole >= kFirstOutputHole ? results + (hole - kFirstOutputHole) : inputs + (hole - 1);
  }
  Arguments arguments(args.data(), static_cast<int32_t>(call.count));
  int64_t result = 0;
  try {
    result = body(arguments);
  } catch (const BadCall& error) {
    refuse(std::string(name) + ": " + error.what(), call, tensors);
  }
  if (call.counts_rows ? result < 0 : result != 0) {
    refuse(std::string(name) + ": an input is refused", call, tensors);
  }
  for (int i = 0; i < outputs - 1; ++i) {
    if ((call.cut_outputs >> i) & 1) fill_rest(results[i], result);
  }
  const ObTensor& filled = results[outputs - 1];
  bool* rows = static_cast<bool*>(filled.data);
  for (int64_t row = 0; row < filled.shape[0]; ++row) rows[row] = row < result;
}

Shapes infer_shapes(const int* ranks, int64_t* const* shapes) {
  const int outputs = template_count(shapes);
  Shapes results(static_cast<size_t>(outputs));
  for (int i = 0; i < outputs; ++i) {
    for (int axis = kTemplateAxes; axis < ranks[i]; ++axis) {
      results[static_cast<size_t>(i)].push_back(axis_size(shapes[i][axis], shapes + outputs + 1));
    }
  }
  return results;
}

}  // namespace opsbridge

extern "C" __attribute__((visibility("default"))) void opsbridge_describe_refusals(
    opsbridge::DescribeRefusal describe) {
  opsbridge::describe_refusal = describe;
}
