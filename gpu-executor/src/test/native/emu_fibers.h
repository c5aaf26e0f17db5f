// emu_fibers.h - the block that runs: its fibers, and what they wait for. Between emu.cpp, which
// runs them, and emu_meetings.cpp, which makes them wait.
#pragma once
#include <string>
#include <vector>

#include "emu_runtime.h"

namespace emu {

constexpr unsigned MAX_THREADS = 1024;
constexpr unsigned MAX_WARPS = MAX_THREADS / 32;

enum class Wait { NONE, BLOCK, WARP };

// Lanes that meet. Lanes of one warp may meet in several groups at once; a group is known by its
// lowest lane.
struct Gathering {
  unsigned mask;
  unsigned arrived;
  unsigned generation;
  Meeting kind;
  size_t bytes;
};

struct Warp {
  Gathering gatherings[32];
  unsigned used;  // gatherings that were used in this block
  unsigned existing;
};

struct AsyncCopy {
  void* to;
  const void* from;
  bool valid;
  unsigned group;
  bool done;
};

struct Fiber {
  void* stackPointer;
  char* stack;
  bool done;
  Wait wait;
  const Gathering* gathering;
  unsigned generation;  // of the gathering that it waits to see the end of
  unsigned numWarpSyncs;
  Index3 index;
  std::vector<AsyncCopy> copies;
  unsigned group;  // the group of copies that is not committed yet
};

extern Fiber fibers[MAX_THREADS];
extern Warp warps[MAX_WARPS];

// The threads of the block that have not ended, and those of them that stand at the barrier.
extern unsigned numLive, numAtBarrier;

// The barriers that the block has passed.
extern unsigned numBarriers;

// Threads that came with a predicate to the barrier that is still shut, and to the one before.
extern int barrierCount, lastBarrierCount;

extern size_t linearBlock;
extern const Launch* current;

// Leaves the fiber that runs, until the schedule comes back to it.
void yield();

// Leaves it for ever, and with it the kernel.
EMU_NO_RETURN void leave_fiber(Outcome outcome, const std::string& text);

uint64_t next_random();

// Catches what faults while it lives, also a stack that is full.
class FaultHandler {
 public:
  FaultHandler();
  ~FaultHandler();
};

}  // namespace emu
