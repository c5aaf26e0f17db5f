// emulated_kernels.cpp - all kernels, compiled for the CPU. Compiled twice: as they are, and with
// -DCHECKED -fsanitize=thread, so that they tell of every access to memory (races.cpp).
#ifdef CHECKED
#define EMU_SHARED_SECTION "emu_shared_checked"
#define EMU_SHARED_BEGIN __start_emu_shared_checked
#define EMU_SHARED_END __stop_emu_shared_checked
#else
#define EMU_SHARED_SECTION "emu_shared_plain"
#define EMU_SHARED_BEGIN __start_emu_shared_plain
#define EMU_SHARED_END __stop_emu_shared_plain
#endif

#include <utility>

#include "emu_runtime.h"

// The linker makes these. Without a single __shared__ variable there are none.
extern "C" __attribute__((weak, visibility("hidden"))) char EMU_SHARED_BEGIN[];
extern "C" __attribute__((weak, visibility("hidden"))) char EMU_SHARED_END[];

// Without a name of its own, so that the two builds do not share a function, and so that the shared
// variables of templates may lie in a section of our choice.
namespace {

#include "kernels.cu"

template <class... P, size_t... I>
void call_unpacked(void (*kernel)(P...), void** parameters, std::index_sequence<I...>) {
  kernel(*(P*)parameters[I]...);
}

template <auto kernel, class... P>
emu::Kernel describe(const char* name, void (*)(P...)) {
  return {name, {sizeof(P)...}, [](void** parameters) {
            call_unpacked(kernel, parameters, std::index_sequence_for<P...>{});
          }};
}

#define KERNEL(name) describe<name>(#name, name),
const emu::Build& build() {
  static const emu::Build all = {
      {
#include "kernel_registry.h"
      },
      EMU_SHARED_BEGIN,
      EMU_SHARED_END};
  return all;
}

}  // namespace

namespace emu {

// -fwhole-program makes everything else private to this object, also the extern "C" kernels.
#ifdef CHECKED
__attribute__((externally_visible)) const Build* checked_build() { return &build(); }
#else
__attribute__((externally_visible)) const Build& plain_build() { return build(); }
#ifdef SANITIZED
// The sanitizers do not go together with the one that the checks are made of.
__attribute__((externally_visible)) const Build* checked_build() { return nullptr; }
#endif
#endif

}  // namespace emu
