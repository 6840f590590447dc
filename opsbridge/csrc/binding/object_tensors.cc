#include "binding/object_tensors.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

namespace opsbridge {
namespace {

constexpr char kCapsuleName[] = "opsbridge_object_tensors";

// Borrowed from a tuple that the owner keeps.
PyObject* item(const Owned& tuple, int place) { return PyTuple_GetItem(tuple.get(), place); }

std::vector<PyObject*> items(PyObject* tuple) {
  std::vector<PyObject*> all;
  for (intptr_t i = 0; i < PyTuple_Size(tuple); ++i) all.push_back(PyTuple_GetItem(tuple, i));
  return all;
}

// Objects that stand for dtypes, in the order of the enum.
Dtype dtype_among(const std::vector<PyObject*>& dtypes, PyObject* object) {
  const auto found = std::find(dtypes.begin(), dtypes.end(), object);
  return static_cast<Dtype>(found - dtypes.begin());
}

bool is_integer(PyObject* object, int64_t& value) {
  if (object == nullptr) return false;
  int overflow = 0;
  value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return overflow == 0 && !(value == -1 && PyErr_Occurred() != nullptr);
}

// DLPackExchangeAPI of DLPack: how a framework hands out tensors without Python's help.
struct ExchangeTable {
  uint32_t major_version;
  uint32_t minor_version;
  const void* older;
  int (*allocate)(ObTensor*, ObManagedTensor**, void*, void (*)(void*, const char*, const char*));
  int (*managed_from_object)(void*, ObManagedTensor**);
  int (*object_from_managed)(ObManagedTensor*, void**);
  int (*tensor_from_object)(void*, ObTensor*);
  int (*current_stream)(int, int32_t, void**);
};

// Tensors of a framework with such a table. Functions of the framework say what the table does not:
// whether something else sees every operator (`states`), whether the memory of a tensor holds the
// opposite of its values (`is_negated`), and whether a gradient is recorded, where results could
// have one (`records`; else None).
class ExchangedTensors : public ObjectTensors {
 public:
  // (capsule of the table, types, states, is_negated, records, name of `requires_grad`)
  explicit ExchangedTensors(PyObject* settings)
      : settings_(shared(settings)),
        types_(items(item(settings_, 1))),
        states_(items(item(settings_, 2))),
        is_negated_(item(settings_, 3)),
        records_(item(settings_, 4)),
        requires_gradient_(item(settings_, 5)) {
    const void* table = PyCapsule_GetPointer(item(settings_, 0), "dlpack_exchange_api");
    if (table != nullptr) table_ = static_cast<const ExchangeTable*>(table);
  }

  bool is_usable() const {
    return table_ != nullptr && table_->major_version == 1 && table_->tensor_from_object != nullptr;
  }

  bool is_idle() const override {
    for (PyObject* const state : states_) {
      const Owned answer = call_object(state);
      if (!answer || PyObject_IsTrue(answer.get()) != 0) return false;
    }
    return true;
  }

  bool takes(PyObject* type) const override {
    return std::find(types_.begin(), types_.end(), type) != types_.end();
  }

  bool read(PyObject* object, ReadTensor& read) const override {
    if (call_object(is_negated_, object).get() != &_Py_FalseStruct) return false;
    if (records_ != &_Py_NoneStruct && is_recorded(object)) return false;
    return table_->tensor_from_object(object, &read.tensor) == 0;
  }

  bool make(MadeTensor& made, bool) const override {
    const SizedOutput& sized = made.sized;
    made.managed.reset(make_tensor(sized.data_type, sized.rank, sized.shape, sized.bytes));
    if (made.managed != nullptr) made.tensor = made.managed->tensor;
    return made.managed != nullptr;
  }

  PyObject* finish(MadeTensor& made, bool is_cut, int64_t rows) const override {
    void* object = nullptr;
    if (is_cut) made.managed->tensor.shape[0] = rows;
    if (table_->object_from_managed(made.managed.get(), &object) != 0) return nullptr;
    made.managed.release();  // the object's now
    return static_cast<PyObject*>(object);
  }

 private:
  bool is_recorded(PyObject* object) const {
    const Owned wants = attribute_of(object, requires_gradient_);
    if (wants.get() == &_Py_FalseStruct) return false;
    return call_object(records_).get() != &_Py_FalseStruct;
  }

  const Owned settings_;
  const std::vector<PyObject*> types_, states_;
  PyObject *is_negated_, *records_, *requires_gradient_;
  const ExchangeTable* table_ = nullptr;
};

// What NumPy's interface promises about its arrays, behind the header of every object.
struct ArrayFields {
  char* data;
  int rank;
  intptr_t* shape;
  intptr_t* strides;  // in bytes
  PyObject* base;
  PyObject* dtype;
};

// NumPy's arrays. A dtype is a single object, unless it is a special one.
class Arrays : public ObjectTensors {
 public:
  // (type, bytes of an object's header, dtypes in the order of the enum or None, empty)
  explicit Arrays(PyObject* settings)
      : settings_(shared(settings)),
        type_(item(settings_, 0)),
        dtypes_(items(item(settings_, 2))),
        empty_(item(settings_, 3)) {
    is_integer(item(settings_, 1), header_bytes_);
  }

  bool is_idle() const override { return true; }
  bool takes(PyObject* type) const override { return type == type_; }

  bool read(PyObject* object, ReadTensor& read) const override {
    const ArrayFields& array = fields_of(object);
    const Dtype dtype = dtype_among(dtypes_, array.dtype);
    if (dtype == Dtype::other || array.rank > kMaxRank) return false;
    const ObDataType data_type = data_type_of(dtype);
    const intptr_t item_bytes = data_type.bits / 8;
    for (int axis = 0; axis < array.rank; ++axis) {
      if (array.strides[axis] % item_bytes != 0) return false;
      read.strides[axis] = array.strides[axis] / item_bytes;
    }
    static_assert(sizeof(intptr_t) == sizeof(int64_t), "sizes are lent as they are");
    auto* shape = reinterpret_cast<int64_t*>(array.shape);
    read.tensor = {array.data, {kCpuDevice, 0}, array.rank, data_type, shape, read.strides, 0};
    return true;
  }

  // The length of a result that is cut is not known yet; then memory waits for it to be copied.
  bool make(MadeTensor& made, bool is_cut) const override {
    const SizedOutput& sized = made.sized;
    char* data = nullptr;
    if (is_cut) {
      made.scratch.reset(new (std::nothrow) char[static_cast<size_t>(sized.bytes)]);
      data = made.scratch.get();
    } else {
      made.array = new_array(sized, sized.rank == 0 ? 1 : sized.shape[0]);
      if (made.array) data = fields_of(made.array.get()).data;
    }
    auto* shape = const_cast<int64_t*>(sized.shape);
    made.tensor = {data, {kCpuDevice, 0}, sized.rank, sized.data_type, shape, nullptr, 0};
    return data != nullptr;
  }

  PyObject* finish(MadeTensor& made, bool is_cut, int64_t rows) const override {
    if (!is_cut) return made.array.release();
    Owned array = new_array(made.sized, rows);
    if (!array) return nullptr;
    const int64_t bytes = made.sized.bytes / made.sized.shape[0] * rows;
    std::memcpy(fields_of(array.get()).data, made.tensor.data, static_cast<size_t>(bytes));
    return array.release();
  }

 private:
  const ArrayFields& fields_of(PyObject* object) const {
    return *reinterpret_cast<ArrayFields*>(reinterpret_cast<char*>(object) + header_bytes_);
  }

  Owned new_array(const SizedOutput& sized, int64_t rows) const {
    PyObject* const dtype = dtypes_[static_cast<size_t>(sized.dtype)];
    if (dtype == &_Py_NoneStruct) return Owned();
    const Owned shape = sized.rank == 1 ? Owned(PyLong_FromLongLong(rows)) : shape_of(sized, rows);
    if (!shape) return Owned();
    PyObject* const arguments[] = {shape.get(), dtype};
    return Owned(PyObject_Vectorcall(empty_, arguments, 2, nullptr));
  }

  static Owned shape_of(const SizedOutput& sized, int64_t rows) {
    Owned sizes(PyTuple_New(sized.rank));
    for (int axis = 0; sizes && axis < sized.rank; ++axis) {
      PyObject* const size = PyLong_FromLongLong(axis == 0 ? rows : sized.shape[axis]);
      if (size == nullptr) return Owned();
      PyTuple_SetItem(sizes.get(), axis, size);
    }
    return sizes;
  }

  const Owned settings_;
  PyObject* type_;
  const std::vector<PyObject*> dtypes_;
  PyObject* empty_;
  int64_t header_bytes_ = 0;
};

// Tensors of a framework that says all there is to know of them in Python, and takes arrays over.
class DescribedTensors : public ObjectTensors {
 public:
  // (settings of arrays, type, is_recording, dtypes in the order of the enum, take, address_of,
  //  is_contiguous, names of the attributes for shape and dtype)
  explicit DescribedTensors(PyObject* settings)
      : settings_(shared(settings)),
        arrays_(item(settings_, 0)),
        type_(item(settings_, 1)),
        is_recording_(item(settings_, 2)),
        dtypes_(items(item(settings_, 3))),
        take_(item(settings_, 4)),
        address_of_(item(settings_, 5)),
        is_contiguous_(item(settings_, 6)),
        shape_(item(settings_, 7)),
        dtype_(item(settings_, 8)) {}

  bool is_idle() const override { return call_object(is_recording_).get() == &_Py_FalseStruct; }

  bool takes(PyObject* type) const override { return type == type_; }

  bool read(PyObject* object, ReadTensor& read) const override {
    if (!is_true(call_object(is_contiguous_, object))) return false;
    const Dtype dtype = dtype_among(dtypes_, attribute_of(object, dtype_).get());
    if (dtype == Dtype::other) return false;
    const Owned shape = attribute_of(object, shape_);
    const intptr_t rank = shape ? PyTuple_Size(shape.get()) : -1;
    if (rank < 0 || rank > kMaxRank) return false;
    for (intptr_t axis = 0; axis < rank; ++axis) {
      if (!is_integer(PyTuple_GetItem(shape.get(), axis), read.shape[axis])) return false;
    }
    int64_t address = 0;
    if (!is_integer(call_object(address_of_, object).get(), address)) return false;
    read.tensor = {reinterpret_cast<void*>(address),
                   {kCpuDevice, 0},
                   static_cast<int>(rank),
                   data_type_of(dtype),
                   read.shape,
                   nullptr,
                   0};
    return true;
  }

  bool make(MadeTensor& made, bool is_cut) const override { return arrays_.make(made, is_cut); }

  PyObject* finish(MadeTensor& made, bool is_cut, int64_t rows) const override {
    const Owned array(arrays_.finish(made, is_cut, rows));
    return array ? call_object(take_, array.get()).release() : nullptr;
  }

 private:
  static bool is_true(const Owned& object) { return object && PyObject_IsTrue(object.get()) == 1; }

  const Owned settings_;
  const Arrays arrays_;
  PyObject *type_, *is_recording_;
  const std::vector<PyObject*> dtypes_;
  PyObject *take_, *address_of_, *is_contiguous_, *shape_, *dtype_;
};

void delete_tensors(PyObject* capsule) {
  delete static_cast<ObjectTensors*>(PyCapsule_GetPointer(capsule, kCapsuleName));
}

PyObject* capsule_of(ObjectTensors* tensors) {
  return PyCapsule_New(tensors, kCapsuleName, delete_tensors);
}

}  // namespace

const ObjectTensors* object_tensors_of(PyObject* capsule) {
  return static_cast<const ObjectTensors*>(PyCapsule_GetPointer(capsule, kCapsuleName));
}

}  // namespace opsbridge

// For ctypes: capsules of the settings that the classes above take.
#define OPSBRIDGE_FOR_CTYPES extern "C" __attribute__((visibility("default")))

OPSBRIDGE_FOR_CTYPES PyObject* opsbridge_exchanged_tensors(PyObject* settings) {
  auto tensors = std::make_unique<opsbridge::ExchangedTensors>(settings);
  if (tensors->is_usable()) return opsbridge::capsule_of(tensors.release());
  if (PyErr_Occurred() == nullptr) PyErr_SetString(PyExc_RuntimeError, "an unknown exchange table");
  return nullptr;
}

OPSBRIDGE_FOR_CTYPES PyObject* opsbridge_arrays(PyObject* settings) {
  return opsbridge::capsule_of(new opsbridge::Arrays(settings));
}

OPSBRIDGE_FOR_CTYPES PyObject* opsbridge_described_tensors(PyObject* settings) {
  return opsbridge::capsule_of(new opsbridge::DescribedTensors(settings));
}
