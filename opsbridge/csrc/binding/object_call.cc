#include "binding/object_call.h"

#include <exception>
#include <memory>

#include "binding/object_tensors.h"

namespace opsbridge {
namespace {

constexpr char kCapsuleName[] = "opsbridge_object_call";
constexpr size_t kMaxTensors = 4;

// In host memory, larger results are worth threads and pooled memory, which the slow road knows of.
constexpr int64_t kMostBytes = 128 * 1024;

struct ObjectCall {
  ObFunction entry;
  int64_t brief_bytes;
  DirectProgram program;
  Owned capsule;
  const ObjectTensors* tensors;
};

// A text as tvm-ffi passes it where it is too long for the value itself.
struct LongText {
  char header[kObjectHeaderBytes];
  ObText text;
};

// The user's arguments as values of tvm-ffi.
class GivenArguments {
 public:
  bool read(const ObjectCall& call, PyObject* values) {
    if (PyTuple_Size(values) != call.program.given) return false;
    for (int64_t i = 0; i < call.program.given; ++i) {
      if (!read(*call.tensors, PyTuple_GetItem(values, i), args_[i])) return false;
    }
    return true;
  }

  const ObAny* args() const { return args_; }

  // Of all tensors.
  int64_t bytes() const {
    int64_t bytes = 0;
    for (size_t i = 0; i < tensor_count_; ++i) bytes += bytes_of(tensors_[i].tensor);
    return bytes;
  }

 private:
  bool read(const ObjectTensors& tensors, PyObject* object, ObAny& any) {
    const Owned owned_type(PyObject_Type(object));
    PyObject* const type = owned_type.get();
    any = ObAny{};
    if (type == &PyFloat_Type) return read_float(object, any);
    if (type == &PyBool_Type) {
      any.tag = kBoolTag;
      any.as_int = object != &_Py_FalseStruct;
      return true;
    }
    if (type == &PyLong_Type) return read_integer(object, any);
    if (object == &_Py_NoneStruct) return true;
    if (type == &PyUnicode_Type) return read_text(object, any);
    if (!tensors.takes(type)) {
      return PyObject_IsInstance(object, &PyFloat_Type) == 1 && read_float(object, any);
    }
    if (tensor_count_ == kMaxTensors) return false;
    ReadTensor& read = tensors_[tensor_count_++];
    if (!tensors.read(object, read)) return false;
    any = any_of(read.tensor);
    return true;
  }

  static bool read_float(PyObject* object, ObAny& any) {
    any.tag = kFloatTag;
    any.as_float = PyFloat_AsDouble(object);
    return true;
  }

  static bool read_integer(PyObject* object, ObAny& any) {
    int overflow = 0;
    any.tag = kIntTag;
    any.as_int = PyLong_AsLongLongAndOverflow(object, &overflow);
    return overflow == 0;
  }

  bool read_text(PyObject* object, ObAny& any) {
    intptr_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(object, &size);
    if (text == nullptr) return false;
    if (static_cast<size_t>(size) < sizeof any.as_int) {
      any.tag = kSmallStringTag;
      any.padding = static_cast<uint32_t>(size);
      std::copy_n(text, size, reinterpret_cast<char*>(&any.as_int));
      return true;
    }
    if (text_count_ == kMaxArguments) return false;
    LongText& long_text = texts_[text_count_++];
    long_text.text = {text, static_cast<size_t>(size)};
    any.tag = kStringTag;
    any.as_pointer = &long_text;
    return true;
  }

  ObAny args_[kMaxArguments];
  size_t tensor_count_ = 0;
  ReadTensor tensors_[kMaxTensors];
  int text_count_ = 0;
  LongText texts_[kMaxArguments];
};

class Results {
 public:
  explicit Results(const ObjectCall& call)
      : outputs_(call.program.outputs), tensors_(*call.tensors) {}

  bool place(DirectCall& direct) {
    for (size_t i = 0; i < outputs_.size(); ++i) {
      MadeTensor& made = made_[i];
      if (!direct.size_output(i, kMostBytes, made.sized)) return false;
      if (!tensors_.make(made, outputs_[i].is_cut)) return false;
      direct.place_output(i, any_of(made.tensor));
    }
    return true;
  }

  // As the API gives them: one, or a tuple.
  PyObject* finish(int64_t answer) {
    if (outputs_.size() == 1) return finish(0, answer);
    Owned all(PyTuple_New(static_cast<intptr_t>(outputs_.size())));
    for (size_t i = 0; all && i < outputs_.size(); ++i) {
      PyObject* const result = finish(i, answer);
      if (result == nullptr) return nullptr;
      PyTuple_SetItem(all.get(), static_cast<intptr_t>(i), result);
    }
    return all.release();
  }

 private:
  PyObject* finish(size_t i, int64_t answer) {
    return tensors_.finish(made_[i], outputs_[i].is_cut, answer);
  }

  const std::vector<DirectOutput>& outputs_;
  const ObjectTensors& tensors_;
  MadeTensor made_[kMaxOutputs];
};

// Runs the native function, while other threads may run Python unless it is brief.
bool run(const ObjectCall& call, const DirectCall& direct, int64_t bytes, int64_t& answer) {
  ObAny result;
  PyThreadState* const state = bytes > call.brief_bytes ? PyEval_SaveThread() : nullptr;
  const int status = call.entry(nullptr, direct.native(), direct.count(), &result);
  if (state != nullptr) PyEval_RestoreThread(state);
  answer = result.as_int;
  return status == 0;
}

PyObject* declined() {
  PyErr_Clear();
  return shared(&_Py_NoneStruct).release();
}

PyObject* call_objects(PyObject* self, PyObject* values) {
  const auto& call = *static_cast<ObjectCall*>(PyCapsule_GetPointer(self, kCapsuleName));
  if (!call.tensors->is_idle()) return declined();
  GivenArguments given;
  if (!given.read(call, values)) return declined();
  DirectCall direct(call.program, kCpuDevice, given.args());
  Results results(call);
  if (!direct.read_arguments() || !direct.choose_rule() || !results.place(direct)) {
    return declined();
  }
  int64_t answer = 0;
  if (!run(call, direct, given.bytes(), answer)) {
    // What a handler of a signal raised is the caller's; of other errors the operator speaks.
    return PyErr_Occurred() != nullptr ? nullptr : declined();
  }
  if (!direct.is_done(answer)) return declined();
  PyObject* const result = results.finish(answer);
  return result != nullptr ? result : declined();
}

void delete_call(PyObject* capsule) {
  delete static_cast<ObjectCall*>(PyCapsule_GetPointer(capsule, kCapsuleName));
}

PyObject* function_of(std::unique_ptr<ObjectCall> call) {
  static ObMethodDefinition definition{"direct_call", call_objects, kOneArgument,
                                       "A direct call of opsbridge."};
  const Owned capsule(PyCapsule_New(call.release(), kCapsuleName, delete_call));
  return capsule ? PyCFunction_NewEx(&definition, capsule.get(), nullptr) : nullptr;
}

}  // namespace

PyObject* make_object_call(ObFunction entry, int64_t brief_bytes, const int64_t* words,
                           int64_t count, PyObject* tensors) {
  try {
    const ObjectTensors* known = object_tensors_of(tensors);
    if (known == nullptr) return nullptr;
    return function_of(std::unique_ptr<ObjectCall>(
        new ObjectCall{entry, brief_bytes, read_program(words, count), shared(tensors), known}));
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
    return nullptr;
  }
}

}  // namespace opsbridge
