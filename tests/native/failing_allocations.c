/* Makes one allocation fail, for tests that preload it: the n-th one that is asked for from inside
 * opsbridge's library after fail_allocation(n). How many were asked for: count_allocations(). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static void* (*real_malloc)(size_t);
static void* (*real_calloc)(size_t, size_t);
static void* (*real_realloc)(void*, size_t);
static void* (*real_aligned_alloc)(size_t, size_t);
static uintptr_t first, last; /* where the library lies */
static uintptr_t cxx_first, cxx_last;
static long asked, failing;

/* dlsym itself may ask for zeroed memory. */
static char early[4096];
static size_t early_used;

__attribute__((constructor)) static void find_real_ones(void) {
  real_malloc = dlsym(RTLD_NEXT, "malloc");
  real_realloc = dlsym(RTLD_NEXT, "realloc");
  real_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
  real_calloc = dlsym(RTLD_NEXT, "calloc");
}

void watch_code(uintptr_t begin, uintptr_t end, uintptr_t cxx_begin, uintptr_t cxx_end) {
  first = begin;
  last = end;
  cxx_first = cxx_begin;
  cxx_last = cxx_end;
}
void fail_allocation(long number) {
  asked = 0;
  failing = number;
}
long count_allocations(void) { return asked; }

static int is_from_library(uintptr_t caller) {
  return (caller >= first && caller < last) || (caller >= cxx_first && caller < cxx_last);
}

static int fails(void* caller) {
  if (failing < 0 || !is_from_library((uintptr_t)caller)) return 0;
  const long number = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
  if (number != failing) return 0;
  errno = ENOMEM;
  return 1;
}

void* malloc(size_t size) {
  if (real_malloc == NULL) find_real_ones();
  return fails(__builtin_return_address(0)) ? NULL : real_malloc(size);
}
void* calloc(size_t count, size_t size) {
  if (real_calloc == NULL) {
    char* memory = early + early_used;
    early_used += (count * size + 15) / 16 * 16;
    return memory;
  }
  return fails(__builtin_return_address(0)) ? NULL : real_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  return fails(__builtin_return_address(0)) ? NULL : real_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return fails(__builtin_return_address(0)) ? NULL : real_aligned_alloc(alignment, size);
}
