// emu.h - runs CUDA C++ kernels on a CPU, so that their logic can be tested without a GPU.
//
// What it shows: one .cu source compiles with nvcc for the GPU and with g++ for the CPU; the latter
// includes this header where __CUDACC__ is not defined. Every CUDA thread is a fiber with its own
// stack. Block barriers, warp barriers, shuffles, ballots, shared memory, bf16 and (in kernels.cu)
// mma.sync behave as on the device. The order of the fibers is a choice of the test:
//   seed 0     round robin,
//   even seed  a random order in every round,
//   odd seed   adversarial: one random warp runs alone until it blocks; this finds missing barriers
//              that the other two miss.
//
// Limits: x86-64 System V ABI only. No wgmma, TMA or clusters. The blocks of a grid run one after
// another, so races between blocks and the memory model are not covered. Static shared memory keeps
// what the previous block left in it. All lanes of a warp that meet in a shuffle must name the same
// mask. It says nothing about speed.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>
#include <time.h>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __shared__ static thread_local

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace emu {

struct Index3 {
  unsigned x, y, z;
};

enum class Wait { NONE, BLOCK_BARRIER, WARP };

struct Fiber {
  void* stackPointer = nullptr;
  char* stack = nullptr;
  bool done = false;
  unsigned thread = 0;
  Wait wait = Wait::NONE;
  unsigned waitGeneration = 0;  // the warp generation that this fiber waits to see the end of
};

// Where the lanes of a warp meet: two sets of slots, used in turn, so that a fast lane that is
// already at the next exchange does not overwrite what a slow lane has yet to read.
struct Warp {
  alignas(16) unsigned char slot[2][32][64];
  unsigned arrived = 0;
  unsigned generation = 0;
};

struct Block {
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<unsigned> order;
  std::vector<char> dynamicShared;
  std::function<void()> body;
  dim3 dim;
  unsigned numThreads = 0;
  unsigned live = 0;
  Fiber* current = nullptr;
  void* mainStackPointer = nullptr;
  uint64_t random = 0;
  uint64_t seed = 0;
  int aloneWarp = -1;

  ~Block() {
    for (Fiber& fiber : fibers) {
      free(fiber.stack);
    }
  }
};

inline thread_local Block* B = nullptr;
inline thread_local Index3 tIdx, bIdx;
inline thread_local dim3 bDim, gDim;

// Saves the callee-saved registers, stores the stack pointer in *save, continues on stack `to`.
extern "C" void emu_switch(void** save, void* to);
asm(R"(
.pushsection .text
.weak emu_switch
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
.popsection
)");

inline void yield() {
  Fiber* me = B->current;
  emu_switch(&me->stackPointer, B->mainStackPointer);
}

// First function on every fiber's stack; a finished fiber is never resumed.
inline void fiber_main() {
  Block* block = B;
  block->body();
  block->current->done = true;
  block->live--;
  yield();
  abort();
}

constexpr size_t STACK_BYTES = 64 * 1024;

inline void start_fiber(Fiber& fiber, unsigned thread) {
  if (!fiber.stack) {
    fiber.stack = (char*)aligned_alloc(64, STACK_BYTES);
  }
  fiber.done = false;
  fiber.thread = thread;
  fiber.wait = Wait::NONE;
  void** top = (void**)(fiber.stack + STACK_BYTES);
  *--top = nullptr;
  *--top = (void*)&fiber_main;
  for (int i = 0; i < 6; i++) {
    *--top = nullptr;  // the six registers that emu_switch pops
  }
  fiber.stackPointer = top;
}

inline uint64_t next_random(uint64_t& state) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return state >> 33;
}

inline void shuffle_order(Block& block) {
  for (unsigned i = block.numThreads - 1; i > 0; i--) {
    unsigned j = next_random(block.random) % (i + 1);
    std::swap(block.order[i], block.order[j]);
  }
}

inline bool can_run_in_warp(const Fiber& fiber) {
  return !fiber.done && fiber.wait != Wait::BLOCK_BARRIER;
}

// The adversarial schedule: stay with the chosen warp while any lane of it can run, else choose the
// warp of the first runnable fiber in the random order.
inline int choose_warp(Block& block) {
  if (block.aloneWarp >= 0) {
    unsigned first = block.aloneWarp * 32;
    for (unsigned t = first; t < block.numThreads && t < first + 32; t++) {
      if (can_run_in_warp(block.fibers[t])) {
        return block.aloneWarp;
      }
    }
  }
  for (unsigned k = 0; k < block.numThreads; k++) {
    Fiber& fiber = block.fibers[block.order[k]];
    if (can_run_in_warp(fiber)) {
      return fiber.thread / 32;
    }
  }
  return -1;
}

inline void resume(Block& block, Fiber& fiber) {
  unsigned t = fiber.thread;
  fiber.wait = Wait::NONE;
  block.current = &fiber;
  tIdx.x = t % block.dim.x;
  tIdx.y = t / block.dim.x % block.dim.y;
  tIdx.z = t / (block.dim.x * block.dim.y);
  emu_switch(&block.mainStackPointer, fiber.stackPointer);
}

// One round over all fibers; false when none of them could move.
inline bool run_round(Block& block) {
  bool progress = false;
  for (unsigned k = 0; k < block.numThreads; k++) {
    Fiber& fiber = block.fibers[block.order[k]];
    if (!can_run_in_warp(fiber)) {
      continue;
    }
    unsigned warp = fiber.thread / 32;
    if (block.aloneWarp >= 0 && warp != (unsigned)block.aloneWarp) {
      continue;
    }
    if (fiber.wait == Wait::WARP && block.warps[warp].generation == fiber.waitGeneration) {
      continue;
    }
    resume(block, fiber);
    progress = true;
  }
  return progress;
}

// Opens the block barrier when every live fiber stands at it.
inline bool open_barrier(Block& block) {
  unsigned atBarrier = 0;
  for (unsigned t = 0; t < block.numThreads; t++) {
    Fiber& fiber = block.fibers[t];
    if (!fiber.done && fiber.wait == Wait::BLOCK_BARRIER) {
      atBarrier++;
    }
  }
  if (!block.live || atBarrier != block.live) {
    return false;
  }
  for (unsigned t = 0; t < block.numThreads; t++) {
    if (!block.fibers[t].done) {
      block.fibers[t].wait = Wait::NONE;
    }
  }
  return true;
}

inline void run_block(Block& block, unsigned numThreads) {
  B = &block;
  block.aloneWarp = -1;
  block.numThreads = numThreads;
  block.live = numThreads;
  block.warps.assign((numThreads + 31) / 32, Warp());
  if (block.fibers.size() < numThreads) {
    block.fibers.resize(numThreads);
  }
  block.order.resize(numThreads);
  for (unsigned t = 0; t < numThreads; t++) {
    start_fiber(block.fibers[t], t);
    block.order[t] = t;
  }
  while (block.live) {
    if (block.random) {
      shuffle_order(block);
    }
    if (block.random && (block.seed & 1)) {
      block.aloneWarp = choose_warp(block);
    }
    bool progress = run_round(block);
    progress |= open_barrier(block);
    if (!progress && block.live) {
      fprintf(stderr, "emu: deadlock (divergent barrier or shuffle), block %u,%u,%u\n", bIdx.x,
              bIdx.y, bIdx.z);
      abort();
    }
  }
}

inline unsigned lane() { return B->current->thread & 31; }

// A warp rendezvous: every lane named in mask deposits bytes, then may read every slot.
inline const unsigned char (*exchange(unsigned mask, const void* value, size_t bytes))[64] {
  Block* block = B;
  Fiber* me = block->current;
  Warp& warp = block->warps[me->thread / 32];
  unsigned numLanes = block->numThreads - (me->thread & ~31u);
  if (numLanes < 32) {
    mask &= (1u << numLanes) - 1;
  }
  unsigned generation = warp.generation;
  memcpy(warp.slot[generation & 1][lane()], value, bytes);
  warp.arrived |= 1u << lane();
  if ((warp.arrived & mask) == mask) {
    warp.arrived = 0;
    warp.generation++;
  } else {
    me->wait = Wait::WARP;
    me->waitGeneration = generation;
    yield();
  }
  return warp.slot[generation & 1];
}

template <class T>
T shfl(unsigned mask, T value, unsigned sourceLane) {
  auto slots = exchange(mask, &value, sizeof value);
  T result;
  memcpy(&result, slots[sourceLane & 31], sizeof result);
  return result;
}

// Runs a whole grid. Dynamic shared memory starts as 0xA5 bytes in every block.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 dim, size_t sharedBytes, uint64_t seed,
            A... args) {
  thread_local Block block;
  block.dim = dim;
  block.dynamicShared.resize(sharedBytes + 64);
  block.random = seed;
  block.seed = seed;
  block.body = [&] { kernel((P)args...); };
  bDim = dim;
  gDim = grid;
  for (unsigned z = 0; z < grid.z; z++) {
    for (unsigned y = 0; y < grid.y; y++) {
      for (unsigned x = 0; x < grid.x; x++) {
        bIdx = {x, y, z};
        memset(block.dynamicShared.data(), 0xA5, block.dynamicShared.size());
        run_block(block, dim.x * dim.y * dim.z);
      }
    }
  }
}

template <class... P, size_t... I>
void launch_unpacked(void (*kernel)(P...), dim3 grid, dim3 dim, size_t sharedBytes, uint64_t seed,
                     void** params, std::index_sequence<I...>) {
  launch(kernel, grid, dim, sharedBytes, seed, (*(P*)params[I])...);
}

// Launch with a void** parameter array, which is what cuLaunchKernel receives.
template <class... P>
void launch_params(void (*kernel)(P...), dim3 grid, dim3 dim, size_t sharedBytes, uint64_t seed,
                   void** params) {
  launch_unpacked(kernel, grid, dim, sharedBytes, seed, params, std::index_sequence_for<P...>{});
}

template <class... P>
std::vector<size_t> param_sizes(void (*)(P...)) {
  return {sizeof(P)...};
}

}  // namespace emu

#define threadIdx (emu::tIdx)
#define blockIdx (emu::bIdx)
#define blockDim (emu::bDim)
#define gridDim (emu::gDim)
#define DYNAMIC_SHARED(T, name) \
  T* name = (T*)(((uintptr_t)emu::B->dynamicShared.data() + 63) & ~(uintptr_t)63)

static inline void __syncthreads() {
  emu::B->current->wait = emu::Wait::BLOCK_BARRIER;
  emu::yield();
}

static inline void __syncwarp(unsigned mask = 0xffffffffu) {
  int nothing = 0;
  emu::exchange(mask, &nothing, sizeof nothing);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int x, int width = 32) {
  return emu::shfl(mask, value, emu::lane() ^ x);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  return emu::shfl(mask, value, (emu::lane() & ~(width - 1)) | (source & (width - 1)));
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, int delta, int width = 32) {
  unsigned l = emu::lane();
  return emu::shfl(mask, value, (l & (width - 1)) + delta < (unsigned)width ? l + delta : l);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate) {
  auto slots = emu::exchange(mask, &predicate, sizeof predicate);
  unsigned result = 0;
  for (int i = 0; i < 32; i++) {
    int p = 0;
    if (mask >> i & 1) {
      memcpy(&p, slots[i], sizeof p);
    }
    if (p) {
      result |= 1u << i;
    }
  }
  return result;
}

template <class T>
T atomicAdd(T* p, T value) {
  T old = *p;
  *p += value;
  return old;
}

#define __expf(x) expf(x)

static inline float rsqrtf(float x) { return 1.f / sqrtf(x); }

static inline float __int_as_float(int i) {
  float f;
  memcpy(&f, &i, sizeof f);
  return f;
}

struct __nv_bfloat16 {
  uint16_t u;
};

static inline float __bfloat162float(__nv_bfloat16 b) {
  uint32_t bits = (uint32_t)b.u << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

// Round to nearest, ties to even; every NaN becomes 0x7fff.
static inline __nv_bfloat16 __float2bfloat16(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) {
    return {(uint16_t)0x7fff};
  }
  bits += 0x7fff + ((bits >> 16) & 1);
  return {(uint16_t)(bits >> 16)};
}

namespace emu {

// mma.sync.m16n8k16 of bf16, lane by lane; the layout is described in mma.cuh.
inline void mma_16x8x16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  uint32_t mine[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  auto slots = exchange(0xffffffffu, mine, sizeof mine);
  auto half = [&](int lane, int reg, int high) {
    uint32_t r;
    memcpy(&r, slots[lane] + 4 * reg, 4);
    return __bfloat162float(__nv_bfloat16{(uint16_t)(high ? r >> 16 : r)});
  };
  int g = lane() >> 2;
  int t = lane() & 3;
  for (int i = 0; i < 4; i++) {
    int row = g + (i >> 1) * 8;
    int col = t * 2 + (i & 1);
    float sum = c[i];
    for (int k = 0; k < 16; k++) {
      int aReg = (row >= 8 ? 1 : 0) + (k >= 8 ? 2 : 0);
      int aLane = (row & 7) * 4 + ((k & 7) >> 1);
      int bReg = k >= 8 ? 1 : 0;
      int bLane = col * 4 + ((k & 7) >> 1);
      sum += half(aLane, aReg, k & 1) * half(bLane, 4 + bReg, k & 1);
    }
    c[i] = sum;
  }
}

}  // namespace emu

#include <algorithm>
#include <climits>
using std::max;
using std::min;
struct alignas(8) float2 {
  float x, y;
};

namespace emu {

// The counterpart of %globaltimer.
inline unsigned long long global_timer() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ull + now.tv_nsec;
}

inline int vote;

}  // namespace emu

static inline int __syncthreads_or(int predicate) {
  __syncthreads();
  emu::vote = 0;
  __syncthreads();
  emu::vote |= predicate != 0;
  __syncthreads();
  return emu::vote;
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance) {
  unsigned l = emu::lane();
  return emu::shfl(mask, value, l >= distance ? l - distance : l);
}

template <class T>
T atomicOr(T* p, T value) {
  T old = *p;
  *p |= value;
  return old;
}

static inline int atomicOr(int* p, int value) { return atomicOr<int>(p, value); }

template <class T>
T atomicExch(T* p, T value) {
  return std::exchange(*p, value);
}

static inline int __float_as_int(float f) {
  int i;
  memcpy(&i, &f, sizeof i);
  return i;
}

// With -ffp-contract=off an operation rounds once, as it is written.
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline float __int2float_rn(int value) { return (float)value; }
static inline unsigned __umulhi(unsigned a, unsigned b) {
  return (unsigned)((unsigned long long)a * b >> 32);
}
static inline int __ffs(int value) { return __builtin_ffs(value); }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
