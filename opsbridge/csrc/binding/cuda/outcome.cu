#include "binding/arguments.h"
#include "binding/cuda/outcome.h"
#include "binding/export.h"
#include "cuda/tickets.h"

namespace opsbridge {

int64_t wait_for_answer(int64_t ticket) {
  Report report{0, 0};
  if (ticket == kNoTicket) throw BadCall("nothing can wait for a call inside a CUDA graph");
  take_report(ticket, true, report);
  return answer_of(report);
}

// The answer to a ticket; None: the call is not done, and the second argument is not to wait.
static int outcome(const ObAny* args, int32_t count, ObAny* result) {
  *result = ObAny{};
  try {
    Arguments arguments(args, count);
    const int64_t ticket = arguments.integer();
    const bool waits = arguments.integer() != 0;
    arguments.finish();
    Report report{0, 0};
    if (!take_report(ticket, waits, report)) return 0;
    result->tag = kIntTag;
    result->as_int = answer_of(report);
    return 0;
  } catch (...) {
    return raise_current_exception();
  }
}

}  // namespace opsbridge

extern "C" __attribute__((visibility("default"))) int __tvm_ffi_outcome(void*, const ObAny* args,
                                                                        int32_t count,
                                                                        ObAny* result) {
  return opsbridge::outcome(args, count, result);
}
