// emulated_kernels.cpp - all kernels, compiled for the CPU. Compiled twice: as they are, and with
// -DCHECKED -fsanitize=thread, so that they tell of every access to memory (races.cpp).
//
// Two more things are done to the objects. -fwhole-program makes everything private that is not
// marked otherwise, also the extern "C" kernels, so that the two do not clash. And the section of
// their variables is renamed: __shared__ variables are all that they have (everything else here is
// constant), and so the linker tells where these are. An attribute would name the section, too, but
// g++ does not heed it in templates.
#ifdef CHECKED
#define TABLE checkedKernels
#define SHARED_BEGIN __start_emu_shared_checked
#define SHARED_END __stop_emu_shared_checked
#else
#define TABLE plainKernels
#define SHARED_BEGIN __start_emu_shared_plain
#define SHARED_END __stop_emu_shared_plain
#endif

#include <utility>

#include "emu_runtime.h"

// The linker makes these. Without a single __shared__ variable there are none.
extern "C" __attribute__((weak, visibility("hidden"))) char SHARED_BEGIN[];
extern "C" __attribute__((weak, visibility("hidden"))) char SHARED_END[];

namespace {

#include "kernels.cu"
#include "test_kernels.cuh"

template <class... P, size_t... I>
void call_unpacked(void (*kernel)(P...), void** parameters, std::index_sequence<I...>) {
  kernel(*(P*)parameters[I]...);
}

template <auto kernel, class... P>
constexpr emu::Kernel describe(const char* name, void (*)(P...)) {
  emu::Kernel description = {name, sizeof...(P), {sizeof(P)...}, nullptr};
  description.call = [](void** parameters) {
    call_unpacked(kernel, parameters, std::index_sequence_for<P...>{});
  };
  return description;
}

#define KERNEL(name) describe<name>(#name, name),
constexpr emu::Kernel kernels[] = {
#include "kernel_registry.h"
    TEST_KERNELS
};
#undef KERNEL

}  // namespace

namespace emu {

extern __attribute__((externally_visible)) const Build TABLE;
const Build TABLE = {
    kernels, sizeof kernels / sizeof kernels[0], SHARED_BEGIN, SHARED_END};

}  // namespace emu
