// One direct call on its way from the user's arguments to those of the native function. Each step
// says whether the call is still a plain one.
#pragma once

#include <algorithm>
#include <cmath>

#include "binding/direct_program.h"

namespace opsbridge {

constexpr int kMaxArguments = 24;
constexpr size_t kMaxOutputs = 8;

// A result as it will be.
struct SizedOutput {
  Dtype dtype;
  ObDataType data_type;
  int rank;
  int64_t shape[kMaxRank];
  int64_t bytes;
};

inline ObAny any_of(int64_t value) {
  ObAny any;
  any.tag = kIntTag;
  any.padding = 0;
  any.as_int = value;
  return any;
}

inline ObAny any_of(const ObTensor& tensor) {
  ObAny any;
  any.tag = kTensorPointerTag;
  any.padding = 0;
  any.as_pointer = const_cast<ObTensor*>(&tensor);
  return any;
}

class DirectCall {
 public:
  // Tensors are on devices of this type. The arguments are as many as the program says.
  DirectCall(const DirectProgram& program, int32_t device_type, const ObAny* args)
      : program_(program), device_type_(device_type), args_(args) {
    std::copy(program.values.begin(), program.values.end(), native_);
  }

  bool read_arguments() {
    for (const NativeArgument& argument : program_.read) {
      if (!read(argument)) return false;
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
      const ObAny& given = args_[choice.place];
      size_t value = 0;
      while (value < choice.values.size() && !is_same(choice.values[value], given)) ++value;
      if (value == choice.values.size()) return false;
      word = word * choice.values.size() + value;
    }
    if (program_.words[word] < 0) return false;
    native_[program_.rule] = any_of(program_.words[word]);
    return true;
  }

  // Of a result of at most so many bytes.
  bool size_output(size_t i, int64_t most_bytes, SizedOutput& sized) const {
    const DirectOutput& output = program_.outputs[i];
    sized.dtype = output.dtypes[dtype_];
    sized.data_type = data_type_of(sized.dtype);
    sized.bytes = sized.data_type.bits / 8;
    sized.rank = 0;
    for (const Size& size : output.shape) {
      const int64_t length = value_of(size);
      if (length <= 0 || length > most_bytes / sized.bytes) return false;
      sized.shape[sized.rank++] = length;
      sized.bytes *= length;
    }
    return true;
  }

  void place_output(size_t i, const ObAny& output) { native_[program_.outputs[i].place] = output; }

  const ObAny* native() const { return native_; }
  int32_t count() const { return static_cast<int32_t>(program_.values.size()); }

  // Whether the native function did what was asked for.
  bool is_done(int64_t answer) const { return program_.returns_count ? answer >= 0 : answer == 0; }

 private:
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

  bool read(const NativeArgument& argument) {
    switch (argument.source) {
      case Source::tensor:
        return read_tensor(argument);
      case Source::number:
      case Source::positive_number:
        return read_number(argument);
      default:
        return read_integer(argument);
    }
  }

  bool read_number(const NativeArgument& argument) {
    const ObAny& given = args_[argument.place];
    if (given.tag != kFloatTag && given.tag != kIntTag) return false;
    const double number = given.tag == kIntTag ? static_cast<double>(given.as_int) : given.as_float;
    if (!std::isfinite(number)) return false;
    if (argument.source == Source::positive_number && !(number > 0)) return true;
    ObAny& native = native_[argument.slot];
    native.tag = kFloatTag;
    native.padding = 0;
    native.as_float = number;
    return true;
  }

  bool read_integer(const NativeArgument& argument) {
    const ObAny& given = args_[argument.place];
    if (given.tag != kIntTag || given.as_int != static_cast<int32_t>(given.as_int)) return false;
    const bool is_left_out = argument.source == Source::positive_integer && given.as_int <= 0;
    if (!is_left_out) native_[argument.slot] = any_of(given.as_int);
    return true;
  }

  bool read_tensor(const NativeArgument& argument) {
    const ObTensor* tensor = tensor_of(args_[argument.place]);
    if (tensor == nullptr || !is_plain(*tensor, argument)) return false;
    native_[argument.slot] = any_of(*tensor);
    return true;
  }

  // Where it belongs, with aligned elements, of an allowed shape and dtype. A tensor that some
  // framework only pretends to have has no data.
  bool is_plain(const ObTensor& tensor, const NativeArgument& argument) {
    if (tensor.device.type != device_type_ || tensor.data == nullptr) return false;
    if (!is_aligned(tensor)) return false;
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
    const ObAny& given = args_[term.place];
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

  const DirectProgram& program_;
  int32_t device_type_;
  const ObAny* args_;
  int32_t device_ = -1;
  size_t dtype_ = 0;
  ObAny native_[kMaxArguments];
};

}  // namespace opsbridge
