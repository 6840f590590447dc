// The tensors of a framework as objects of Python: how direct calls read them and make results.
#pragma once

#include <memory>

#include "binding/direct_call.h"
#include "binding/owned_tensor.h"
#include "binding/python_abi.h"

namespace opsbridge {

// A tensor that was read; sizes and strides that its framework does not lend lie here.
struct ReadTensor {
  ObTensor tensor;
  int64_t shape[kMaxRank];
  int64_t strides[kMaxRank];
};

// Memory for a result, and what owns it.
struct MadeTensor {
  ObTensor tensor;
  SizedOutput sized;
  std::unique_ptr<ObManagedTensor, void (*)(ObManagedTensor*)> managed{nullptr, free_tensor};
  Owned array;
  std::unique_ptr<char[]> scratch;
};

// Functions that fail leave an error of Python behind, or none.
class ObjectTensors {
 public:
  virtual ~ObjectTensors() = default;

  // Whether nothing but eager execution sees the calls of this moment.
  virtual bool is_idle() const = 0;
  // Whether objects of a type may be read.
  virtual bool takes(PyObject* type) const = 0;
  virtual bool read(PyObject* object, ReadTensor& read) const = 0;
  virtual bool make(MadeTensor& made, bool is_cut) const = 0;
  // The result, of so many rows where it is cut; or null.
  virtual PyObject* finish(MadeTensor& made, bool is_cut, int64_t rows) const = 0;
};

// From a capsule that one of the functions of object_tensors.cc made.
const ObjectTensors* object_tensors_of(PyObject* capsule);

}  // namespace opsbridge
