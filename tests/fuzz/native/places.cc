// Where instrumented code has been, for libFuzzer: GCC calls these at every edge and comparison of
// numbers, and libFuzzer looks at counters in a section of this name. Its own function for the
// edges says that clang has better ones, so the linker is told to take this one.
#include <cstddef>
#include <cstdint>

namespace {
constexpr size_t kCounters = size_t(1) << 16;
__attribute__((section("__libfuzzer_extra_counters"))) uint8_t counters[kCounters];
}  // namespace

extern "C" {

__attribute__((no_sanitize("address", "undefined"))) void __wrap___sanitizer_cov_trace_pc() {
  const auto place = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  ++counters[(place ^ place >> 16) % kCounters];
}

// libFuzzer learns from comparisons of integers only.
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double, double) {}

}  // extern "C"
