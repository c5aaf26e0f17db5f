// emu.cpp - runs the blocks of a grid, one after another, each of their threads as a fiber.
//
// A fiber runs until it waits: at a block barrier, at a meeting of its warp, or in an atomic when
// the schedule says so. Then another one runs. The order is a choice of the test:
//   seed 0     round robin over the threads, blocks in order;
//   even seed  every round in a random order, blocks in a random order;
//   odd seed   adversarial: one random warp runs alone until all its lanes wait. This finds missing
//              barriers that the other two miss.
//
// Copies that a kernel starts with cp.async happen as late as possible in round robin, which finds a
// missing wait; in the other schedules each tosses a coin and may happen at once, which finds a
// target that is still being read.
//
// A fault of the memory (a guard page, an address that is nothing) ends the kernel and not the
// process: the handler of the signal leaves the fiber.
//
// Limits: Linux on x86-64 (System V calling convention). No wgmma, bulk copies or clusters. Blocks
// do not run at the same time, though races.cpp knows when they touch the same memory. The memory
// model of the device is not emulated. It says nothing about speed.
#include "emu_runtime.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>
#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#endif

#include <algorithm>
#include <numeric>

namespace emu {

Index3 threadIndex, blockIndex;
dim3 blockSize, gridSize;
unsigned currentThread;
char* dynamicShared;
uint64_t who;

namespace {

constexpr unsigned MAX_THREADS = 1024;
constexpr unsigned MAX_WARPS = MAX_THREADS / 32;
constexpr size_t PAGE = 4096;
constexpr size_t STACK_BYTES = 256 * 1024;
constexpr size_t MAX_SHUFFLED_BLOCKS = 1 << 20;

// ---- fibers ------------------------------------------------------------------------------------

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

// Two sets for each gathering, used in turn: a fast lane that is at the next meeting already does
// not overwrite what a slow one has yet to read.
Slot slots[MAX_WARPS][32][2][32];

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

Fiber fibers[MAX_THREADS];
Warp warps[MAX_WARPS];
unsigned order[MAX_THREADS];
unsigned numThreads, numLive, numAtBarrier, numBarriers;
int barrierCount, lastBarrierCount;
size_t linearBlock;
const Launch* current;
uint64_t randomState;
void* mainStackPointer;

bool failed;
Result failure;

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

void yield() { emu_switch(&fibers[currentThread].stackPointer, mainStackPointer); }

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

uint64_t next_random() {
  randomState = randomState * 6364136223846793005ull + 1442695040888963407ull;
  return randomState >> 33;
}

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

// ---- faults ------------------------------------------------------------------------------------

struct sigaction previousHandler;
pthread_t kernelThread;
alignas(64) char landingStack[16 * 1024];
alignas(64) char signalStack[64 * 1024];
void* abandoned;
const void* faultAddress;
bool faultWrites;

std::string place() {
  char text[160];
  snprintf(text, sizeof text, "%s, block (%u, %u, %u), thread (%u, %u, %u)",
           current->kernel->name, blockIndex.x, blockIndex.y, blockIndex.z, threadIndex.x,
           threadIndex.y, threadIndex.z);
  return text;
}

EMU_NO_RETURN void leave_fiber(Outcome outcome, const std::string& text) {
  failed = true;
  failure = {outcome, place() + ": " + text};
  emu_switch(&abandoned, mainStackPointer);
#ifndef SANITIZED
  abort();
#endif
}

// Where a thread lands whose access faulted, on a stack that is good.
void land() {
  char text[80];
  snprintf(text, sizeof text, "%s address %p, where no memory is",
           faultWrites ? "writes to" : "reads from", faultAddress);
  leave_fiber(Outcome::ADDRESS, text);
}

void handle_fault(int signal, siginfo_t* info, void* context) {
  if (!current || !pthread_equal(pthread_self(), kernelThread)) {
    // The JVM's own business: it means such signals of its threads.
    previousHandler.sa_sigaction(signal, info, context);
    return;
  }
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  faultAddress = info->si_addr;
  faultWrites = registers[REG_ERR] & 2;
  registers[REG_RIP] = (greg_t)&land;
  registers[REG_RSP] = (greg_t)(landingStack + sizeof landingStack - 8);
}

// Catches faults while it lives, also those of a stack that is full.
class FaultHandler {
 public:
  FaultHandler() {
#ifndef SANITIZED
    kernelThread = pthread_self();
    stack_t own = {};
    own.ss_sp = signalStack;
    own.ss_size = sizeof signalStack;
    sigaltstack(&own, &previousStack);
    struct sigaction handler = {};
    handler.sa_sigaction = handle_fault;
    handler.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &handler, &previousHandler);
#endif
  }

  ~FaultHandler() {
#ifndef SANITIZED
    sigaction(SIGSEGV, &previousHandler, nullptr);
    sigaltstack(&previousStack, nullptr);
#endif
  }

 private:
  stack_t previousStack = {};
};

}  // namespace

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
      if (i == 0 || launch.seed) {
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

// ---- what kernels call -------------------------------------------------------------------------

void fail(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  leave_fiber(Outcome::FAILED, text);
}

void fail_address(const std::string& text) { leave_fiber(Outcome::ADDRESS, text); }

void block_barrier() {
  fibers[currentThread].wait = Wait::BLOCK;
  numAtBarrier++;
  yield();
}

int block_barrier_count(int predicate) {
  barrierCount += predicate != 0;
  block_barrier();
  return lastBarrierCount;
}

void interruption() {
  if (current->seed && current->seed % 2 == 0 && next_random() % 8 == 0) {
    yield();
  }
}

namespace {

// The lanes of the mask are all here, and with them what they know of each other's writes.
void synchronize_warp(unsigned mask) {
  Fiber* lanes = fibers + (currentThread & ~31u);
  unsigned latest = 0;
  for (unsigned left = mask; left; left &= left - 1) {
    latest = std::max(latest, lanes[__builtin_ctz(left)].numWarpSyncs);
  }
  for (unsigned left = mask; left; left &= left - 1) {
    lanes[__builtin_ctz(left)].numWarpSyncs = latest + 1;
  }
  who = pack_who(linearBlock, currentThread, numBarriers, latest + 1);
}

// As meet; the last lane to come computes for all.
const Slot* meet_and(Meeting kind, unsigned mask, const void* value, size_t bytes,
                     void (*compute)(Slot*)) {
  unsigned w = currentThread / 32;
  Warp& warp = warps[w];
  if (!(mask >> lane() & 1)) {
    fail("lane %u meets others with mask %08x, which leaves it out", lane(), mask);
  }
  mask &= warp.existing;
  unsigned place = __builtin_ctz(mask);
  Gathering& gathering = warp.gatherings[place];
  warp.used |= 1u << place;
  if (!gathering.arrived) {
    gathering.mask = mask;
    gathering.kind = kind;
    gathering.bytes = bytes;
  } else if (gathering.mask != mask || gathering.kind != kind || gathering.bytes != bytes) {
    fail("lanes of a warp meet in different operations, with masks %08x and %08x",
         gathering.mask, mask);
  }
  unsigned generation = gathering.generation;
  Slot* mine = slots[w][place][generation & 1];
  memcpy(mine[lane()], value, bytes);
  gathering.arrived |= 1u << lane();
  if (gathering.arrived == mask) {
    if (compute) {
      compute(mine);
    }
    if (kind == Meeting::SYNC) {
      synchronize_warp(mask);
    }
    gathering.arrived = 0;
    gathering.generation++;
  } else {
    Fiber& fiber = fibers[currentThread];
    fiber.wait = Wait::WARP;
    fiber.gathering = &gathering;
    fiber.generation = generation;
    yield();
  }
  return mine;
}

// What a lane brings to a product, and what it takes away.
struct Fragments {
  unsigned a[4];
  unsigned b[2];
  float c[4];
};

float low_half(unsigned word) { return __uint_as_float(word << 16); }

float high_half(unsigned word) { return __uint_as_float(word & 0xffff0000u); }

// With g = lane / 4 and t = lane % 4 a lane holds A[g][2t], A[g][2t+1] in a[0], eight rows further
// in a[1], eight columns further in a[2], both in a[3]; B[2t][g], B[2t+1][g] in b[0], eight rows
// further in b[1]; C[g][2t], C[g][2t+1], and the same eight rows further, in c. The order of the
// additions is that of k; a GPU has another.
void multiply(Slot* slots) {
  typedef float Row __attribute__((vector_size(32)));
  float a[16][16];
  Row b[16];
  Row c[16];
  for (int lane = 0; lane < 32; lane++) {
    const Fragments& own = *(const Fragments*)slots[lane];
    int g = lane / 4;
    int t = lane % 4 * 2;
    for (int i = 0; i < 4; i++) {
      a[g + i % 2 * 8][t + i / 2 * 8] = low_half(own.a[i]);
      a[g + i % 2 * 8][t + i / 2 * 8 + 1] = high_half(own.a[i]);
      c[g + i / 2 * 8][t + i % 2] = own.c[i];
    }
    for (int i = 0; i < 2; i++) {
      b[t + i * 8][g] = low_half(own.b[i]);
      b[t + i * 8 + 1][g] = high_half(own.b[i]);
    }
  }
  for (int row = 0; row < 16; row++) {
    for (int k = 0; k < 16; k++) {
      c[row] += a[row][k] * b[k];
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    Fragments& own = *(Fragments*)slots[lane];
    for (int i = 0; i < 4; i++) {
      own.c[i] = c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
    }
  }
}

void run_copy(AsyncCopy& copy) {
  if (!copy.done && copy.valid) {
    touch_as_thread(copy.from, 16, Access::READ);
    memcpy(copy.to, copy.from, 16);
  } else if (!copy.done) {
    memset(copy.to, 0, 16);
  }
  copy.done = true;
}

}  // namespace

const Slot* meet(Meeting kind, unsigned mask, const void* value, size_t bytes) {
  return meet_and(kind, mask, value, bytes, nullptr);
}

void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  Fragments mine = {{a[0], a[1], a[2], a[3]}, {b0, b1}, {c[0], c[1], c[2], c[3]}};
  if (warps[currentThread / 32].existing != ~0u) {
    fail("a matrix product by a warp of fewer than 32 lanes");
  }
  const Slot* slots = meet_and(Meeting::MATRIX, ~0u, &mine, sizeof mine, multiply);
  memcpy(c, ((const Fragments*)slots[lane()])->c, sizeof c);
}

void copy_async(void* to, const void* from, bool valid) {
  if (((uintptr_t)to | (valid ? (uintptr_t)from : 0)) % 16) {
    fail("an asynchronous copy of 16 bytes between %p and %p", from, to);
  }
  Fiber& fiber = fibers[currentThread];
  touch_as_thread(to, 16, Access::START_COPY);
  fiber.copies.push_back({to, from, valid, fiber.group, false});
  if (current->seed && next_random() % 2) {
    run_copy(fiber.copies.back());
  }
}

void commit_copies() { fibers[currentThread].group++; }

void await_copies(int numPending) {
  Fiber& fiber = fibers[currentThread];
  size_t count = 0;
  while (count < fiber.copies.size() && fiber.copies[count].group + numPending < fiber.group) {
    run_copy(fiber.copies[count]);
    touch_as_thread(fiber.copies[count].to, 16, Access::END_COPY);
    count++;
  }
  fiber.copies.erase(fiber.copies.begin(), fiber.copies.begin() + count);
}

}  // namespace emu
