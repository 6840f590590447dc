// The instruction-set levels one after the other, and what each of them gave.
#pragma once

#include <cstdlib>
#include <iostream>
#include <vector>

#include "runtime/cpu_level.h"

namespace opsbridge {

// All levels that this CPU has, the narrowest first.
const std::vector<CpuLevel>& levels();

// What cpu_level() says from here on.
void use_level(CpuLevel level);

[[noreturn]] inline void fail(const char* what) {
  std::cerr << "opsbridge: " << what << '\n';
  std::abort();
}

inline void expect(bool holds, const char* what) {
  if (!holds) fail(what);
}

// What `compute` gives at the narrowest level, once all others gave the same.
template <class Compute>
auto at_every_level(Compute compute) {
  use_level(levels().front());
  const auto expected = compute();
  for (const CpuLevel level : levels()) {
    use_level(level);
    expect(compute() == expected, "the instruction-set levels differ");
  }
  return expected;
}

}  // namespace opsbridge
