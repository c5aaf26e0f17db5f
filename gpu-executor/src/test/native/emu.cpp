// emu.cpp - runs the blocks of a grid, one after another, each of their threads as a fiber.
//
// A fiber runs until it waits: at a block barrier, at a meeting of its warp, or in an atomic when
// the schedule says so. Then another one runs. The order is a choice of the test:
//   seed 0     round robin over the threads, blocks in order;
//   even seed  every round in a random order, blocks in a random order;
//   odd seed   adversarial: one random warp runs alone until all its lanes wait. This finds missing
//              barriers that the other two miss.
//
// Limits: Linux on x86-64 (System V calling convention). No wgmma, bulk copies or clusters. Blocks
// do not run at the same time, though races.cpp knows when they touch the same memory. The memory
// model of the device is not emulated. It says nothing about speed.
#include <stdio.h>
#include <sys/mman.h>
#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#endif

#include <algorithm>
#include <numeric>

#include "emu_fibers.h"

namespace emu {

Index3 threadIndex, blockIndex;
dim3 blockSize, gridSize;
unsigned currentThread;
char* dynamicShared;
uint64_t who;

Fiber fibers[MAX_THREADS];
Warp warps[MAX_WARPS];
unsigned numLive, numAtBarrier, numBarriers;
int barrierCount, lastBarrierCount;
size_t linearBlock;
const Launch* current;

namespace {

constexpr size_t PAGE = 4096;
constexpr size_t STACK_BYTES = 256 * 1024;
constexpr size_t MAX_SHUFFLED_BLOCKS = 1 << 20;

unsigned order[MAX_THREADS];
unsigned numThreads;
uint64_t randomState;
void* mainStackPointer;

bool failed;
Result failure;

// ---- fibers ------------------------------------------------------------------------------------

// Saves the callee-saved registers, stores the stack pointer in *save, continues on stack `to`.
extern "C" void emu_switch(void** save, void* to) __attribute__((visibility("hidden")));
asm(R"(
.pushsection .text
.globl emu_switch
.hidden emu_switch
.type emu_switch,@function
emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emu_switch,.-emu_switch
.popsection
)");

}  // namespace

void yield() { emu_switch(&fibers[currentThread].stackPointer, mainStackPointer); }

namespace {

// First function on every fiber's stack; a finished fiber is never resumed.
void fiber_main() {
  current->kernel->call(current->parameters);
  fibers[currentThread].done = true;
  numLive--;
  yield();
  abort();
}

// Memory that ends, or for a stack begins, at a page that faults.
char* guarded_memory(size_t bytes, bool guardFirst) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  char* memory = (char*)mmap(nullptr, bytes + PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
  mprotect(guardFirst ? memory : memory + bytes, PAGE, PROT_NONE);
  return guardFirst ? memory + PAGE : memory;
}

void start_fiber(unsigned thread) {
  Fiber& fiber = fibers[thread];
  if (!fiber.stack) {
    fiber.stack = guarded_memory(STACK_BYTES, true);
  }
#ifdef SANITIZED
  // A fiber that was left did not tidy up its frames.
  __asan_unpoison_memory_region(fiber.stack, STACK_BYTES);
#endif
  fiber.done = false;
  fiber.wait = Wait::NONE;
  fiber.numWarpSyncs = 0;
  fiber.copies.clear();
  fiber.group = 0;
  fiber.index = {thread % blockSize.x, thread / blockSize.x % blockSize.y,
                 thread / (blockSize.x * blockSize.y)};
  void** top = (void**)(fiber.stack + STACK_BYTES);
  *--top = nullptr;
  *--top = (void*)&fiber_main;
  for (int i = 0; i < 6; i++) {
    *--top = nullptr;  // the six registers that emu_switch pops
  }
  fiber.stackPointer = top;
}

void resume(unsigned thread) {
  Fiber& fiber = fibers[thread];
  fiber.wait = Wait::NONE;
  currentThread = thread;
  threadIndex = fiber.index;
  who = pack_who(linearBlock, thread, numBarriers, fiber.numWarpSyncs);
  emu_switch(&mainStackPointer, fiber.stackPointer);
}

bool can_run(const Fiber& fiber) {
  switch (fiber.wait) {
    case Wait::NONE:
      return !fiber.done;
    case Wait::WARP:
      return fiber.gathering->generation != fiber.generation;
    default:
      return false;
  }
}

// ---- schedules ---------------------------------------------------------------------------------

}  // namespace

uint64_t next_random() {
  randomState = randomState * 6364136223846793005ull + 1442695040888963407ull;
  return randomState >> 33;
}

namespace {

template <class T>
void shuffle_array(T* values, size_t count) {
  for (size_t i = count; i > 1; i--) {
    std::swap(values[i - 1], values[next_random() % i]);
  }
}

bool run_round(const unsigned* threads, unsigned count) {
  bool moved = false;
  for (unsigned i = 0; i < count && !failed; i++) {
    if (can_run(fibers[threads[i]])) {
      resume(threads[i]);
      moved = true;
    }
  }
  return moved;
}

// Runs one warp until all its lanes wait.
bool run_warp_alone() {
  unsigned numWarps = (numThreads + 31) / 32;
  unsigned first = next_random() % numWarps;
  for (unsigned i = 0; i < numWarps; i++) {
    unsigned warp = (first + i) % numWarps;
    unsigned lanes[32];
    unsigned count = std::min(32u, numThreads - warp * 32);
    std::iota(lanes, lanes + count, warp * 32);
    shuffle_array(lanes, count);
    bool moved = false;
    while (run_round(lanes, count)) {
      moved = true;
    }
    if (moved) {
      return true;
    }
  }
  return false;
}

bool open_barrier() {
  if (!numLive || numAtBarrier != numLive) {
    return false;
  }
  numAtBarrier = 0;
  numBarriers++;
  lastBarrierCount = barrierCount;
  barrierCount = 0;
  for (unsigned t = 0; t < numThreads; t++) {
    fibers[t].wait = Wait::NONE;
  }
  return true;
}

// Who waits for whom when nobody can run.
std::string deadlock() {
  char text[256];
  for (unsigned t = 0; t < numThreads; t++) {
    const Fiber& fiber = fibers[t];
    if (!fiber.done && fiber.wait == Wait::WARP) {
      unsigned missing = fiber.gathering->mask & ~fiber.gathering->arrived;
      snprintf(text, sizeof text,
               "deadlock: thread %u waits in its warp for lanes %08x, which do not come", t,
               missing);
      return text;
    }
  }
  snprintf(text, sizeof text, "deadlock: %u of %u threads stand at a block barrier", numAtBarrier,
           numLive);
  return text;
}

void start_block() {
  numLive = numThreads;
  numAtBarrier = numBarriers = 0;
  barrierCount = 0;
  for (unsigned t = 0; t < numThreads; t++) {
    start_fiber(t);
    order[t] = t;
  }
  for (unsigned w = 0; w * 32 < numThreads; w++) {
    Warp& warp = warps[w];
    for (unsigned used = warp.used; used; used &= used - 1) {
      warp.gatherings[__builtin_ctz(used)].arrived = 0;
    }
    unsigned count = std::min(32u, numThreads - w * 32);
    warp.used = 0;
    warp.existing = count == 32 ? ~0u : (1u << count) - 1;
  }
}

void run_block() {
  start_block();
  uint64_t seed = current->seed;
  while (numLive && !failed) {
    if (seed && seed % 2 == 0) {
      shuffle_array(order, numThreads);
    }
    bool moved = seed % 2 ? run_warp_alone() : run_round(order, numThreads);
    if (!failed && !open_barrier() && !moved && numLive) {
      failed = true;
      failure = {Outcome::FAILED, deadlock()};
    }
  }
}

std::string place() {
  char text[160];
  snprintf(text, sizeof text, "%s, block (%u, %u, %u), thread (%u, %u, %u)",
           current->kernel->name, blockIndex.x, blockIndex.y, blockIndex.z, threadIndex.x,
           threadIndex.y, threadIndex.z);
  return text;
}

}  // namespace

void leave_fiber(Outcome outcome, const std::string& text) {
  static void* abandoned;
  failed = true;
  failure = {outcome, place() + ": " + text};
  emu_switch(&abandoned, mainStackPointer);
#ifndef SANITIZED
  abort();
#endif
}

// ---- a launch ----------------------------------------------------------------------------------

const Kernel* Build::find(const std::string& name) const {
  for (size_t i = 0; i < numKernels; i++) {
    if (kernels[i].name == name) {
      return &kernels[i];
    }
  }
  return nullptr;
}

namespace {

void poison_shared(const Build& build, int poison) {
#ifndef SANITIZED  // which has memory of its own between the variables
  memset(build.sharedBegin, poison, build.sharedEnd - build.sharedBegin);
#endif
}

}  // namespace

Result run(const Launch& launch) {
  static char* const shared = guarded_memory(MAX_SHARED_BYTES + 1024, false);
  static char* const sharedEnd = shared + MAX_SHARED_BYTES + 1024;
  static std::vector<unsigned> blocks;

  current = &launch;
  failed = false;
  failure = {Outcome::DONE, ""};
  randomState = launch.seed;
  gridSize = launch.grid;
  blockSize = launch.block;
  numThreads = launch.block.x * launch.block.y * launch.block.z;
  dynamicShared = sharedEnd - (launch.sharedBytes + 127) / 128 * 128;

  size_t numBlocks = (size_t)launch.grid.x * launch.grid.y * launch.grid.z;
  bool shuffled = launch.seed && numBlocks <= MAX_SHUFFLED_BLOCKS;
  if (shuffled) {
    blocks.resize(numBlocks);
    std::iota(blocks.begin(), blocks.end(), 0);
    shuffle_array(blocks.data(), numBlocks);
  }
  bool checked = launch.build == &checkedKernels;
  if (checked) {
    begin_checked_kernel(launch);
  }
  // NaN, or the largest numbers: arithmetic does not hide it.
  int poison = launch.seed % 2 ? 0x7F : 0xFF;
  {
    FaultHandler handler;
    for (size_t i = 0; i < numBlocks && !failed; i++) {
      linearBlock = shuffled ? blocks[i] : i;
      blockIndex = {(unsigned)(linearBlock % gridSize.x),
                    (unsigned)(linearBlock / gridSize.x % gridSize.y),
                    (unsigned)(linearBlock / gridSize.x / gridSize.y)};
      // Filling it takes as long as running a small block, so not every block is lucky.
      if (i == 0 || (launch.seed && next_random() % 8 == 0)) {
        poison_shared(*launch.build, poison);
      }
      memset(dynamicShared, poison, sharedEnd - dynamicShared);
      if (checked) {
        begin_checked_block(dynamicShared, sharedEnd);
      }
      run_block();
    }
  }
  if (checked) {
    end_checked_kernel();
  }
  current = nullptr;
  return failure;
}

}  // namespace emu
