// The part of Python's stable C interface that opsbridge uses. Declared here, so that one library
// serves every version and builds without Python's headers; weak, so that it loads without Python.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

typedef struct _object PyObject;
typedef struct _ts PyThreadState;

struct ObMethodDefinition {
  const char* name;
  PyObject* (*call)(PyObject* self, PyObject* argument);
  int flags;
  const char* documentation;
};

#define OPSBRIDGE_PYTHON __attribute__((weak))
OPSBRIDGE_PYTHON extern struct _object _Py_NoneStruct;
OPSBRIDGE_PYTHON extern struct _object _Py_FalseStruct;
OPSBRIDGE_PYTHON extern struct _object PyFloat_Type;
OPSBRIDGE_PYTHON extern struct _object PyLong_Type;
OPSBRIDGE_PYTHON extern struct _object PyBool_Type;
OPSBRIDGE_PYTHON extern struct _object PyUnicode_Type;
OPSBRIDGE_PYTHON extern PyObject* PyExc_RuntimeError;
OPSBRIDGE_PYTHON void Py_IncRef(PyObject*);
OPSBRIDGE_PYTHON void Py_DecRef(PyObject*);
OPSBRIDGE_PYTHON PyObject* PyErr_Occurred(void);
OPSBRIDGE_PYTHON void PyErr_Clear(void);
OPSBRIDGE_PYTHON void PyErr_SetString(PyObject* kind, const char* message);
OPSBRIDGE_PYTHON PyThreadState* PyEval_SaveThread(void);
OPSBRIDGE_PYTHON void PyEval_RestoreThread(PyThreadState*);
OPSBRIDGE_PYTHON PyObject* PyObject_Type(PyObject*);
OPSBRIDGE_PYTHON int PyObject_IsInstance(PyObject*, PyObject* kind);
OPSBRIDGE_PYTHON PyObject* PyObject_GetAttr(PyObject*, PyObject* name);
OPSBRIDGE_PYTHON PyObject* PyObject_Vectorcall(PyObject* callable, PyObject* const* arguments,
                                               size_t count, PyObject* names);
OPSBRIDGE_PYTHON int PyObject_IsTrue(PyObject*);
OPSBRIDGE_PYTHON double PyFloat_AsDouble(PyObject*);
OPSBRIDGE_PYTHON long long PyLong_AsLongLongAndOverflow(PyObject*, int* overflow);
OPSBRIDGE_PYTHON PyObject* PyLong_FromLongLong(long long);
OPSBRIDGE_PYTHON const char* PyUnicode_AsUTF8AndSize(PyObject*, intptr_t* size);
OPSBRIDGE_PYTHON intptr_t PyTuple_Size(PyObject*);
OPSBRIDGE_PYTHON PyObject* PyTuple_GetItem(PyObject*, intptr_t place);  // borrowed
OPSBRIDGE_PYTHON PyObject* PyTuple_New(intptr_t size);
OPSBRIDGE_PYTHON int PyTuple_SetItem(PyObject*, intptr_t place, PyObject* stolen);
OPSBRIDGE_PYTHON PyObject* PyCapsule_New(void* pointer, const char* name,
                                         void (*destructor)(PyObject*));
OPSBRIDGE_PYTHON void* PyCapsule_GetPointer(PyObject*, const char* name);
OPSBRIDGE_PYTHON PyObject* PyCFunction_NewEx(ObMethodDefinition*, PyObject* self, PyObject* module);
#undef OPSBRIDGE_PYTHON

}  // extern "C"

namespace opsbridge {

constexpr int kOneArgument = 0x8;  // METH_O

// A reference that is given back.
class Owned {
 public:
  explicit Owned(PyObject* object = nullptr) : object_(object) {}
  Owned(Owned&& other) noexcept : object_(other.release()) {}
  Owned& operator=(Owned&& other) noexcept {
    PyObject* const before = object_;
    object_ = other.release();
    if (before != nullptr) Py_DecRef(before);
    return *this;
  }
  ~Owned() {
    if (object_ != nullptr) Py_DecRef(object_);
  }

  PyObject* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  PyObject* release() {
    PyObject* const object = object_;
    object_ = nullptr;
    return object;
  }

 private:
  PyObject* object_;
};

inline Owned shared(PyObject* object) {
  Py_IncRef(object);
  return Owned(object);
}

inline Owned call_object(PyObject* callable) {
  return Owned(PyObject_Vectorcall(callable, nullptr, 0, nullptr));
}

inline Owned call_object(PyObject* callable, PyObject* argument) {
  return Owned(PyObject_Vectorcall(callable, &argument, 1, nullptr));
}

inline Owned attribute_of(PyObject* object, PyObject* name) {
  return Owned(PyObject_GetAttr(object, name));
}

}  // namespace opsbridge
