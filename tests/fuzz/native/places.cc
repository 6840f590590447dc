// Where instrumented code has been, for libFuzzer: GCC calls these at every edge and comparison of
// numbers, and libFuzzer looks at the counters that it is told of.
#include <cstddef>
#include <cstdint>

extern "C" {

void __sanitizer_cov_8bit_counters_init(uint8_t* start, uint8_t* stop);

// The start of this library: a place counts from there, so that a seed means the same in every run.
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
}

namespace {
constexpr size_t kCounters = size_t(1) << 16;
uint8_t counters[kCounters];

[[maybe_unused]] const bool is_told =
    (__sanitizer_cov_8bit_counters_init(counters, counters + kCounters), true);
}  // namespace

extern "C" {

// libFuzzer's own function of this name says that clang has better ones: calls stay in here.
__attribute__((visibility("hidden"), no_sanitize("address", "undefined"))) void
__sanitizer_cov_trace_pc() {
  const auto place = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) -
                     reinterpret_cast<uintptr_t>(__ehdr_start);
  ++counters[(place ^ place >> 16) % kCounters];
}

// libFuzzer learns from comparisons of integers only.
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double, double) {}

}  // extern "C"
