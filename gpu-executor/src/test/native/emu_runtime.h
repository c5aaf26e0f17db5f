// emu_runtime.h - how the stand-in driver runs a kernel on the CPU: the other side of emu.h.
#pragma once
#include <string>
#include <vector>

#include "emu.h"

namespace emu {

// ---- kernels -----------------------------------------------------------------------------------

struct Kernel {
  const char* name;
  size_t numParameters;
  size_t parameterSizes[32];
  // Calls the kernel as the current thread; what cuLaunchKernel is given, an array of pointers to
  // the values.
  void (*call)(void** parameters);
};

// The kernels of kernels.cu, compiled once, with their static shared memory.
struct Build {
  const Kernel* kernels;
  size_t numKernels;
  char* sharedBegin;
  char* sharedEnd;

  // Null when there is none of that name.
  const Kernel* find(const std::string& name) const;
};

extern const Build plainKernels;

// The same kernels with every access to memory noted; missing when this library is made without.
extern const Build checkedKernels __attribute__((weak));

// ---- launches ----------------------------------------------------------------------------------

struct Launch {
  const Build* build;
  const Kernel* kernel;
  void** parameters;
  dim3 grid;
  dim3 block;
  size_t sharedBytes;
  // The order in which threads and blocks run: 0 round robin; even: random; odd: adversarial.
  uint64_t seed;
};

enum class Outcome {
  DONE,
  ADDRESS,  // memory was touched that is not there
  FAILED,   // the kernel cannot go on: a deadlock, a meeting of the wrong lanes, a trap
};

struct Result {
  Outcome outcome;
  std::string text;
};

Result run(const Launch& launch);

constexpr size_t MAX_SHARED_BYTES = 227 * 1024;

// ---- memory and races; see races.cpp -----------------------------------------------------------

// An asynchronous copy writes its target from its start to its end.
enum class Access { READ, WRITE, ATOMIC, START_COPY, END_COPY };

struct Cell;

// A range of device or pinned memory.
struct Allocation {
  char* begin;
  size_t bytes;
  std::string name;
  Cell* cells;  // made when they are first needed
};

// The allocation on whose pages this address is; null when there is none. The driver keeps them.
Allocation* allocation_at(const void* address);

// Whether an address is one that the driver gives out, though perhaps not now.
bool is_device_address(const void* address);

void free_cells(Allocation& allocation);

// Something that a stream does. It is number clock[stream] of its stream; what another stream s did
// as its number n came before it if n <= clock[s].
struct Operation {
  std::string name;
  unsigned stream;
  std::vector<unsigned> clock;
};

// Whether accesses are noted from now on; forgets what was noted.
void track(bool on, bool unwritten);

bool is_tracking();

// What follows is part of this operation, until the next one.
void begin_operation(const Operation& operation);

// The operation touches device or pinned memory by itself, not by threads of a kernel.
void touch(const void* address, size_t bytes, Access access);

void begin_checked_kernel(const Launch& launch);
void begin_checked_block(char* dynamicBegin, char* dynamicEnd);
void end_checked_kernel();

// The current thread touches memory, in a kernel that tells.
void touch_as_thread(const void* address, size_t bytes, Access access);

// Which thread that is and how many barriers it has passed.
extern uint64_t who;
uint64_t pack_who(size_t block, unsigned thread, unsigned numBarriers, unsigned numWarpSyncs);

// Says what was found, in words; the driver keeps it for the test.
void complain(const std::string& text);

// Ends the kernel because of memory that is not there.
EMU_NO_RETURN void fail_address(const std::string& text);

}  // namespace emu
