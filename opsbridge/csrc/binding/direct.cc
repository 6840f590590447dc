#include "binding/direct.h"

#include <cmath>
#include <memory>

#include "binding/checks.h"
#include "binding/direct_program.h"
#include "binding/export.h"
#include "binding/owned_tensor.h"
#include "binding/waiting_results.h"

namespace opsbridge {
namespace {

constexpr int kMaxArguments = 24;
constexpr size_t kMaxOutputs = kMostWaiting + 1;

struct Direct {
  ObFunction entry;
  DirectPlace place;
  DirectProgram program;
  std::vector<int64_t> starts;  // of the user's arguments
  int64_t given;                // values that a call consists of, without arrays for results
};

// One call on its way. Each step says whether the call is still a plain one.
class DirectCall {
 public:
  DirectCall(const Direct& direct, const ObAny* args)
      : program_(direct.program),
        place_(direct.place),
        starts_(direct.starts),
        given_(direct.given),
        args_(args) {}

  bool read_arguments() {
    size_t i = 0;
    for (const NativeArgument& argument : program_.arguments) {
      if (!read(argument, static_cast<int>(i))) return false;
      ++i;
    }
    return true;
  }

  bool choose_rule() {
    const ObTensor& main = *static_cast<const ObTensor*>(native_[program_.main].as_pointer);
    const Dtype dtype = dtype_of(main.dtype);
    while (dtype_ < program_.dtypes.size() && program_.dtypes[dtype_] != dtype) ++dtype_;
    if (dtype_ == program_.dtypes.size()) return false;
    size_t word = dtype_;
    for (const DirectChoice& choice : program_.choices) {
      const ObAny& given = args_[starts_[choice.place]];
      size_t value = 0;
      while (value < choice.values.size() && !is_same(choice.values[value], given)) ++value;
      if (value == choice.values.size()) return false;
      word = word * choice.values.size() + value;
    }
    word_ = program_.words[word];
    return word_ >= 0;
  }

  // Memory for results; throws nothing, so that what was made is freed by the caller.
  bool place_outputs() {
    for (size_t i = 0; i < program_.outputs.size(); ++i) {
      if (!place_output(program_.outputs[i], static_cast<int>(i))) return false;
    }
    return true;
  }

  const ObAny* native() {
    size_t i = 0;
    for (const NativeArgument& argument : program_.arguments) {
      if (argument.source == Source::rule) native_[i] = integer(word_);
      if (argument.source == Source::output) native_[i] = outputs_[argument.place];
      ++i;
    }
    return native_;
  }

  int32_t count() const { return static_cast<int32_t>(program_.arguments.size()); }

  // The result of the native function as that of the direct call.
  int finish(int64_t answer, ObAny* result) {
    if (place_.answer != nullptr) {
      if (!has_cut_output()) {
        *result = integer(answer);
        return 0;
      }
      answer = place_.answer(answer);
    }
    if (program_.returns_count ? answer < 0 : answer != 0) return 0;
    if (made_count_ == 0) {
      *result = integer(answer);
      return 0;
    }
    for (int i = 0; i < made_count_; ++i) {
      if (program_.outputs[static_cast<size_t>(i)].is_cut) made_[i]->tensor.shape[0] = answer;
    }
    if (made_count_ > 1) keep_waiting(made_[0], made_ + 1, made_count_ - 1);
    made_count_ = 0;
    return give_tensor(made_[0], result);
  }

  ~DirectCall() {
    for (int i = 0; i < made_count_; ++i) free_tensor(made_[i]);
  }

 private:
  static ObAny integer(int64_t value) {
    ObAny any;
    any.tag = kIntTag;
    any.padding = 0;
    any.as_int = value;
    return any;
  }

  static bool is_same(const ChoiceValue& choice, const ObAny& given) {
    const ObAny& value = choice.value;
    if (value.tag != given.tag) return false;
    if (value.tag == kNoneTag) return true;
    if (value.tag == kStringTag) {
      const char* object = static_cast<const char*>(given.as_pointer);
      const ObText& text = *reinterpret_cast<const ObText*>(object + kObjectHeaderBytes);
      return choice.text.compare(0, std::string::npos, text.data, text.size) == 0;
    }
    if (value.tag == kSmallStringTag && value.padding != given.padding) return false;
    return value.as_int == given.as_int;
  }

  bool read(const NativeArgument& argument, int i) {
    switch (argument.source) {
      case Source::constant:
        native_[i] = argument.value;
        return true;
      case Source::tensor:
        return read_tensor(argument, i);
      case Source::number:
      case Source::positive_number:
        return read_number(argument, i);
      case Source::integer:
      case Source::positive_integer:
        return read_integer(argument, i);
      default:
        return true;
    }
  }

  bool read_number(const NativeArgument& argument, int i) {
    const ObAny& given = args_[starts_[argument.place]];
    if (given.tag != kFloatTag && given.tag != kIntTag) return false;
    const double number = given.tag == kIntTag ? static_cast<double>(given.as_int) : given.as_float;
    if (!std::isfinite(number)) return false;
    if (argument.source == Source::positive_number && !(number > 0)) {
      native_[i] = argument.value;
      return true;
    }
    native_[i].tag = kFloatTag;
    native_[i].padding = 0;
    native_[i].as_float = number;
    return true;
  }

  bool read_integer(const NativeArgument& argument, int i) {
    const ObAny& given = args_[starts_[argument.place]];
    if (given.tag != kIntTag || given.as_int != static_cast<int32_t>(given.as_int)) return false;
    const bool is_left_out = argument.source == Source::positive_integer && given.as_int <= 0;
    native_[i] = is_left_out ? argument.value : integer(given.as_int);
    return true;
  }

  bool read_tensor(const NativeArgument& argument, int i) {
    const ObAny* given = args_ + starts_[argument.place];
    const ObTensor* tensor = nullptr;
    if (program_.form == TensorForm::as_numbers) {
      tensor = tensor_of_numbers(given, static_cast<int>(argument.shape.size()), i);
    } else {
      tensor = tensor_of(*given);
    }
    if (tensor == nullptr || !is_plain(*tensor, argument)) return false;
    native_[i].tag = kTensorPointerTag;
    native_[i].padding = 0;
    native_[i].as_pointer = const_cast<ObTensor*>(tensor);
    return true;
  }

  const ObTensor* tensor_of_numbers(const ObAny* given, int rank, int i) {
    for (int j = 0; j < 2 + rank; ++j) {
      if (given[j].tag != kIntTag) return nullptr;
      numbers_[i][j] = given[j].as_int;
    }
    int64_t* sizes = numbers_[i] + 2;
    const auto code = static_cast<uint64_t>(numbers_[i][1]);
    const ObDataType dtype{static_cast<uint8_t>(code), static_cast<uint8_t>(code >> 8), 1};
    void* data = reinterpret_cast<void*>(numbers_[i][0]);
    tensors_[i] = {data, {kCpuDevice, 0}, rank, dtype, sizes, nullptr, 0};
    return &tensors_[i];
  }

  // Where it belongs, with elements, of an allowed shape and dtype. A tensor that some framework
  // only pretends to have has no data.
  bool is_plain(const ObTensor& tensor, const NativeArgument& argument) {
    if (tensor.device.type != place_.device_type || tensor.data == nullptr) return false;
    if (device_ < 0) device_ = tensor.device.id;
    if (tensor.device.id != device_) return false;
    if (tensor.ndim != static_cast<int>(argument.shape.size())) return false;
    if ((argument.dtypes >> static_cast<int>(dtype_of(tensor.dtype)) & 1) == 0) return false;
    for (int axis = 0; axis < tensor.ndim; ++axis) {
      const int64_t wanted = argument.shape[static_cast<size_t>(axis)];
      if (tensor.shape[axis] <= 0 || (wanted >= 0 && tensor.shape[axis] != wanted)) return false;
    }
    return true;
  }

  int64_t value_of(const Term& term) const {
    if (term.place < 0) return term.number;
    if (term.axis >= 0) {
      return static_cast<const ObTensor*>(native_[term.place].as_pointer)->shape[term.axis];
    }
    const ObAny& given = args_[starts_[term.place]];
    return given.tag == kIntTag ? given.as_int : -1;
  }

  // What is not above zero is no size.
  int64_t value_of(const Size& size) const {
    int64_t value = value_of(size.term);
    for (const Term& term : size.divisors) {
      const int64_t divisor = value_of(term);
      if (divisor <= 0) return -1;
      value /= divisor;
    }
    return value;
  }

  bool has_cut_output() const {
    for (const DirectOutput& output : program_.outputs) {
      if (output.is_cut) return true;
    }
    return false;
  }

  static int64_t bytes_of(const ObTensor& tensor) {
    int64_t bytes = tensor.dtype.bits / 8;
    for (int axis = 0; axis < tensor.ndim; ++axis) bytes *= tensor.shape[axis];
    return bytes;
  }

  bool place_output(const DirectOutput& output, int i) {
    if (program_.form != TensorForm::result_made) {
      outputs_[i] = args_[given_ + i];
      const ObTensor* array = tensor_of(outputs_[i]);
      return array != nullptr && bytes_of(*array) <= place_.most_bytes;
    }
    const ObDataType dtype = data_type_of(output.dtypes[dtype_]);
    int64_t shape[kMaxRank];
    int64_t bytes = dtype.bits / 8;
    int rank = 0;
    for (const Size& size : output.shape) {
      shape[rank] = value_of(size);
      if (shape[rank] <= 0 || shape[rank] > place_.most_bytes / bytes) return false;
      bytes *= shape[rank++];
    }
    ObManagedTensor* made = make_tensor(dtype, rank, shape, bytes);
    if (made == nullptr) return false;
    made_[made_count_++] = made;
    outputs_[i].tag = kTensorPointerTag;
    outputs_[i].padding = 0;
    outputs_[i].as_pointer = &made->tensor;
    return true;
  }

  const DirectProgram& program_;
  const DirectPlace& place_;
  const std::vector<int64_t>& starts_;
  int64_t given_;
  const ObAny* args_;
  int32_t device_ = -1;
  size_t dtype_ = 0;
  int64_t word_ = 0;
  int made_count_ = 0;
  ObManagedTensor* made_[kMaxOutputs];
  ObAny native_[kMaxArguments];
  ObAny outputs_[kMaxOutputs];
  ObTensor tensors_[kMaxArguments];
  int64_t numbers_[kMaxArguments][2 + kMaxRank];
};

int call_direct(void* self, const ObAny* args, int32_t count, ObAny* result) {
  const Direct& direct = *static_cast<const Direct*>(self);
  const DirectProgram& program = direct.program;
  const bool is_given = program.form != TensorForm::result_made;
  const auto wanted =
      direct.given + (is_given ? static_cast<int64_t>(program.outputs.size()) : int64_t(0));
  result->tag = kNoneTag;
  result->padding = 0;
  result->as_int = 0;
  if (count != wanted) return 0;
  DirectCall call(direct, args);
  if (!call.read_arguments() || !call.choose_rule() || !call.place_outputs()) return 0;
  ObAny answer;
  if (direct.entry(nullptr, call.native(), call.count(), &answer) != 0) return -1;
  try {
    return call.finish(answer.as_int, result);
  } catch (...) {
    return raise_current_exception();
  }
}

void delete_direct(void* self) { delete static_cast<Direct*>(self); }

Direct* read_direct(ObFunction entry, const DirectPlace& place, const ObAny* args, int32_t count) {
  Arguments arguments(args, count);
  const TensorView words = arguments.tensor(1);
  arguments.finish();
  auto direct = std::make_unique<Direct>(Direct{entry, place, read_program(words), {}, 0});
  const DirectProgram& program = direct->program;
  require(program.arguments.size() <= kMaxArguments, "a direct call has too many arguments");
  require(program.outputs.size() <= kMaxOutputs, "a direct call has too many outputs");
  for (const int64_t width : program.widths) {
    direct->starts.push_back(direct->given);
    direct->given += width;
  }
  return direct.release();
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
