// emu.h - what a kernel needs to be compiled by g++ and run on a CPU, in tests, without a GPU.
//
// Every CUDA thread is a fiber; emu.cpp runs them and explains the order. This file has what
// kernels name: the qualifiers, the built-in variables and types, barriers, shuffles and votes,
// atomics, exact arithmetic, bf16, and the counterparts of our inline PTX.
//
// __shared__ variables are all the variables that an object of kernels has (emulated_kernels.cpp),
// so they can be filled with poison before a block runs; so are the bytes of DYNAMIC_SHARED, which
// end at a page that faults.
#pragma once
#include <time.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __shared__ static
#define DYNAMIC_SHARED(type, name) type* name = (type*)emu::dynamicShared

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

#define EMU_VECTOR_2(type, name, bytes)                                  \
  struct alignas(bytes) name {                                           \
    type x, y;                                                           \
  };                                                                     \
  static inline name make_##name(type x, type y) { return name{x, y}; }
#define EMU_VECTOR_4(type, name, bytes)                                  \
  struct alignas(bytes) name {                                           \
    type x, y, z, w;                                                     \
  };                                                                     \
  static inline name make_##name(type x, type y, type z, type w) { return name{x, y, z, w}; }
EMU_VECTOR_2(int, int2, 8)
EMU_VECTOR_2(unsigned, uint2, 8)
EMU_VECTOR_2(float, float2, 8)
EMU_VECTOR_4(int, int4, 16)
EMU_VECTOR_4(unsigned, uint4, 16)
EMU_VECTOR_4(float, float4, 16)

#include "emu_arithmetic.h"

namespace emu {

struct Index3 {
  unsigned x, y, z;
};

// Of the thread that runs; there is one at a time in the process.
extern Index3 threadIndex, blockIndex;
extern dim3 blockSize, gridSize;
extern unsigned currentThread;
extern char* dynamicShared;

// What lanes of a warp do when they meet; all of them must do the same.
enum class Meeting { SYNC, SHUFFLE, VOTE, MATRIX };

typedef unsigned char Slot[64];

// The lanes of the mask meet: each leaves bytes in its slot and may then read those of the others,
// until it comes to the next meeting.
const Slot* meet(Meeting kind, unsigned mask, const void* value, size_t bytes);

void block_barrier();

// A barrier that also tells how many threads came with a predicate.
int block_barrier_count(int predicate);

// Another thread may run now, if the schedule is one that interrupts.
void interruption();

// Notes an access that is atomic, for the search for races.
void atomic_access(const void* address, size_t bytes);

// cp.async: a copy of 16 bytes that happens somewhere between here and the wait for its group.
void copy_async(void* to, const void* from, bool valid);
void commit_copies();
void await_copies(int numPending);

// c += a * b for the fragments of mma.sync.m16n8k16 (bf16, fp32 sums).
void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1);

// The address sanitizer does much before a function that does not return, none of it right for a
// fiber.
#ifdef SANITIZED
#define EMU_NO_RETURN
#else
#define EMU_NO_RETURN [[noreturn]]
#endif

// Ends the kernel as a fault of the device does.
EMU_NO_RETURN void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

inline unsigned lane() { return currentThread & 31; }

template <class T>
T read_slot(const Slot* slots, unsigned lane) {
  T value;
  memcpy(&value, slots[lane], sizeof value);
  return value;
}

template <class T>
T shuffle(unsigned mask, T value, unsigned sourceLane) {
  static_assert(sizeof(T) <= sizeof(Slot), "too large to shuffle");
  const Slot* slots = meet(Meeting::SHUFFLE, mask, &value, sizeof value);
  if (!(mask >> sourceLane & 1)) {
    fail("a shuffle reads lane %u, which mask %08x leaves out", sourceLane, mask);
  }
  return read_slot<T>(slots, sourceLane);
}

inline void check_width(int width) {
  if (width < 1 || width > 32 || (width & (width - 1))) {
    fail("a shuffle of width %d", width);
  }
}

// The counterpart of %globaltimer.
inline unsigned long long global_timer() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ull + now.tv_nsec;
}

}  // namespace emu

#define threadIdx (emu::threadIndex)
#define blockIdx (emu::blockIndex)
#define blockDim (emu::blockSize)
#define gridDim (emu::gridSize)
constexpr int warpSize = 32;

// ---- barriers, shuffles, votes -----------------------------------------------------------------

static inline void __syncthreads() { emu::block_barrier(); }

static inline int __syncthreads_count(int predicate) {
  return emu::block_barrier_count(predicate);
}

static inline int __syncthreads_or(int predicate) {
  return emu::block_barrier_count(predicate) != 0;
}

static inline int __syncthreads_and(int predicate) {
  return emu::block_barrier_count(!predicate) == 0;
}

static inline void __syncwarp(unsigned mask = 0xffffffffu) {
  char nothing = 0;
  emu::meet(emu::Meeting::SYNC, mask, &nothing, sizeof nothing);
}

// Blocks run one after another and all see one memory, so fences have nothing to do.
static inline void __threadfence() {}

static inline void __threadfence_block() {}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  emu::check_width(width);
  return emu::shuffle(mask, value, (emu::lane() & ~(width - 1)) | (source & (width - 1)));
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int distance, int width = 32) {
  emu::check_width(width);
  unsigned source = emu::lane() ^ distance;
  bool beyond = source > (emu::lane() | (unsigned)(width - 1));
  return emu::shuffle(mask, value, beyond ? emu::lane() : source & 31);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  emu::check_width(width);
  unsigned place = emu::lane() & (width - 1);
  return emu::shuffle(mask, value, emu::lane() - (place >= distance ? distance : 0));
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  emu::check_width(width);
  unsigned place = emu::lane() & (width - 1);
  bool beyond = place + distance >= (unsigned)width;
  return emu::shuffle(mask, value, emu::lane() + (beyond ? 0 : distance));
}

static inline unsigned __ballot_sync(unsigned mask, int predicate) {
  char mine = predicate != 0;
  const emu::Slot* slots = emu::meet(emu::Meeting::VOTE, mask, &mine, sizeof mine);
  unsigned result = 0;
  for (int i = 0; i < 32; i++) {
    if ((mask >> i & 1) && slots[i][0]) {
      result |= 1u << i;
    }
  }
  return result;
}

static inline int __any_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, predicate) != 0;
}

static inline int __all_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, !predicate) == 0;
}

// ---- atomics -----------------------------------------------------------------------------------

namespace emu {

// The types that the device has atomics for and we use; a value converts to that of the address.
template <class T>
struct Atomic;
template <>
struct Atomic<int> {
  typedef int Value;
};
template <>
struct Atomic<unsigned> {
  typedef unsigned Value;
};
template <>
struct Atomic<unsigned long long> {
  typedef unsigned long long Value;
};

}  // namespace emu

// Not instrumented: what they do is told to the search for races as one atomic access.
#define EMU_ATOMIC_FUNCTION template <class T> __attribute__((noinline, no_sanitize("thread")))
#define EMU_ATOMIC(name, newValue)                                                     \
  EMU_ATOMIC_FUNCTION T name(T* address, typename emu::Atomic<T>::Value value) {       \
    emu::interruption();                                                               \
    emu::atomic_access(address, sizeof(T));                                            \
    T old = *address;                                                                  \
    *address = newValue;                                                               \
    return old;                                                                        \
  }
EMU_ATOMIC(atomicAdd, old + value)
EMU_ATOMIC(atomicSub, old - value)
EMU_ATOMIC(atomicExch, value)
EMU_ATOMIC(atomicMax, old > value ? old : value)
EMU_ATOMIC(atomicMin, old < value ? old : value)
EMU_ATOMIC(atomicAnd, old& value)
EMU_ATOMIC(atomicOr, old | value)
EMU_ATOMIC(atomicXor, old ^ value)

EMU_ATOMIC_FUNCTION T atomicCAS(T* address, typename emu::Atomic<T>::Value expected,
                                typename emu::Atomic<T>::Value value) {
  emu::interruption();
  emu::atomic_access(address, sizeof(T));
  T old = *address;
  if (old == expected) {
    *address = value;
  }
  return old;
}

EMU_NO_RETURN static inline void __trap() { emu::fail("__trap()"); }
