#include "binding/export.h"

#include <cstring>
#include <exception>
#include <new>

#include "binding/call_recorder.h"
#include "runtime/interrupt.h"

namespace opsbridge {
namespace {

ObText text_of(const char* text) { return {text, std::strlen(text)}; }

// Without a backtrace: to find the names in one, every library of the process would be read first,
// which takes a second or more.
int raise(const char* kind, const char* message) {
  if (TVMFFIErrorCreate == nullptr) return -1;
  const ObText words[] = {text_of(kind), text_of(message), text_of("")};
  void* error = nullptr;
  if (TVMFFIErrorCreate(&words[0], &words[1], &words[2], &error) == 0) {
    TVMFFIErrorSetRaised(error);
    TVMFFIObjectDecRef(error);
  }
  return -1;
}

}  // namespace

int raise_current_exception() {
  try {
    throw;
  } catch (const BadCall& error) {
    return raise("TypeError", error.what());
  } catch (const std::bad_alloc&) {
    return raise("MemoryError", "opsbridge: out of memory");
  } catch (const std::exception& error) {
    return raise("RuntimeError", error.what());
  }
}

int guarded(int64_t (*body)(Arguments&), const ObAny* args, int32_t count, ObAny* result) {
  try {
    result->as_int = 0;
    if (is_call_recorded()) {
      record_call(args, count);
    } else {
      Arguments arguments(args, count);
      const CallWatch watch(TVMFFIEnvCheckSignals);
      result->as_int = body(arguments);
      // The caller's own exception, KeyboardInterrupt for one, waits to be seen.
      if (watch.is_interrupted()) return raise("EnvErrorAlreadySet", "opsbridge: interrupted");
    }
    result->padding = 0;
    result->tag = kIntTag;
    return 0;
  } catch (...) {
    return raise_current_exception();
  }
}

}  // namespace opsbridge
