#include "runtime/cpu_level.h"

#include "binding/export.h"

namespace opsbridge {

// The level in use as its place in the list of levels.
static int64_t call_cpu_level(Arguments& args) {
  args.finish();
  if (cpu_level_problem() != nullptr) throw BadCall(cpu_level_problem());
  return static_cast<int64_t>(cpu_level());
}

}  // namespace opsbridge

OPSBRIDGE_EXPORT(cpu_level)
