// What headers of the kernels refuse though no call gets that far: the binding refuses it before.
#include <cstdint>
#include <cstdio>
#include <new>
#include <stdexcept>

#include "ops/nms_scratch.h"
#include "opsbridge/dispatch.h"

using opsbridge::Dtype;

namespace {

int failures = 0;

template <class Error, class Body>
void expect(const char* what, Body body) {
  try {
    body();
  } catch (const Error&) {
    return;
  }
  std::printf("%s is not refused\n", what);
  ++failures;
}

void dispatch(Dtype dtype) {
  opsbridge::with_number_type(dtype, [](auto) {});
}

}  // namespace

int main() {
  for (const Dtype dtype : {Dtype::boolean, Dtype::other}) {
    expect<std::logic_error>("a tensor without numbers", [=] { dispatch(dtype); });
  }
  opsbridge::Scratch scratch;
  for (const size_t count : {SIZE_MAX, SIZE_MAX / 8, SIZE_MAX / 8 - 63}) {
    expect<std::bad_alloc>("more memory than there are addresses",
                           [&] { scratch.take<uint64_t>(count); });
  }
  scratch.take<uint64_t>(1)[0] = 1;
  return failures;
}
