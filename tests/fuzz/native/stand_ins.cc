#include "stand_ins.h"

#include "binding/tvm_abi.h"
#include "levels.h"

namespace opsbridge {

std::string& raised_kind() {
  static std::string kind;
  return kind;
}

namespace {

// What an object of tvm-ffi is here: a function and what it calls with.
struct Callable {
  void* self;
  ObFunction call;
  void (*deleter)(void*);
};

}  // namespace
}  // namespace opsbridge

extern "C" {

int TVMFFIErrorCreate(const ObText* kind, const ObText*, const ObText*, void** out) {
  *out = new std::string(kind->data, kind->size);
  return 0;
}

void TVMFFIErrorSetRaised(void* error) {
  opsbridge::raised_kind() = *static_cast<std::string*>(error);
}

int TVMFFIObjectDecRef(void* object) {
  delete static_cast<std::string*>(object);
  return 0;
}

int TVMFFIEnvCheckSignals(void) { return 0; }

int TVMFFIFunctionCreate(void* self, ObFunction call, void (*deleter)(void* self), void** out) {
  *out = new opsbridge::Callable{self, call, deleter};
  return 0;
}

int TVMFFITensorFromDLPackVersioned(ObManagedTensor* from, int32_t, int32_t, void** out) {
  *out = from;
  return 0;
}

}  // extern "C"
