// emu.h - what a kernel needs to be compiled by g++ and run on a CPU, in tests, without a GPU.
//
// Every CUDA thread is a fiber; emu.cpp runs them and explains the order. This file has what
// kernels name: the qualifiers, the built-in variables and types, barriers, shuffles and votes,
// atomics, exact arithmetic, bf16, and the counterparts of our inline PTX.
//
// __shared__ variables are all the variables that an object of kernels has (emulated_kernels.cpp), so
// they can be filled with poison before a block runs; so are the bytes of DYNAMIC_SHARED, which end
// at a page that faults.
//
// All numbers are exact: with -ffp-contract=off and -mfma an expression is what it says, __fmaf_rn
// is one rounding and the other __f.._rn are the plain operation. The approximate functions of a
// GPU (__expf, rsqrtf, ..) are the C library's here, so these agree by tolerance only.
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

// ---- arithmetic --------------------------------------------------------------------------------

static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __frcp_rn(float a) { return 1.f / a; }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __saturatef(float a) { return a > 0 ? (a < 1 ? a : 1) : 0; }
static inline float rsqrtf(float a) { return 1.f / sqrtf(a); }
static inline float __frsqrt_rn(float a) { return (float)(1.0 / sqrt((double)a)); }

static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __ddiv_rn(double a, double b) { return a / b; }

// Macros, because the C library has functions of some of these names.
#define __expf(x) expf(x)
#define __exp2f(x) exp2f(x)
#define __logf(x) logf(x)
#define __log2f(x) log2f(x)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)

#define EMU_BIT_CAST(from, name, to)          \
  static inline to name(from value) {         \
    to result;                                \
    static_assert(sizeof result == sizeof value, "not a bit cast"); \
    memcpy(&result, &value, sizeof result);   \
    return result;                            \
  }
EMU_BIT_CAST(int, __int_as_float, float)
EMU_BIT_CAST(unsigned, __uint_as_float, float)
EMU_BIT_CAST(float, __float_as_int, int)
EMU_BIT_CAST(float, __float_as_uint, unsigned)
EMU_BIT_CAST(long long, __longlong_as_double, double)
EMU_BIT_CAST(double, __double_as_longlong, long long)

// A conversion of the device keeps to the range of the type; NaN becomes 0.
static inline int emu_saturated_int(double value) {
  return value != value ? 0 : value >= 2147483647.0 ? 2147483647
      : value <= -2147483648.0 ? -2147483647 - 1 : (int)value;
}
static inline int __float2int_rn(float value) { return emu_saturated_int(nearbyintf(value)); }
static inline int __float2int_rz(float value) { return emu_saturated_int(truncf(value)); }
static inline int __float2int_rd(float value) { return emu_saturated_int(floorf(value)); }
static inline int __float2int_ru(float value) { return emu_saturated_int(ceilf(value)); }
static inline float __int2float_rn(int value) { return (float)value; }
static inline float __uint2float_rn(unsigned value) { return (float)value; }
static inline float __ull2float_rn(unsigned long long value) { return (float)value; }

static inline int __clz(int value) { return value ? __builtin_clz((unsigned)value) : 32; }
static inline int __clzll(long long value) {
  return value ? __builtin_clzll((unsigned long long)value) : 64;
}
static inline int __popc(unsigned value) { return __builtin_popcount(value); }
static inline int __popcll(unsigned long long value) { return __builtin_popcountll(value); }
static inline int __ffs(int value) { return __builtin_ffs(value); }
static inline int __ffsll(long long value) { return __builtin_ffsll(value); }
static inline unsigned __umulhi(unsigned a, unsigned b) {
  return (unsigned)((unsigned long long)a * b >> 32);
}
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}
static inline unsigned __brev(unsigned value) {
  unsigned result = 0;
  for (int i = 0; i < 32; i++) {
    result |= (value >> i & 1) << (31 - i);
  }
  return result;
}
static inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)((((unsigned long long)high << 32 | low) << (shift & 31)) >> 32);
}
static inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return (unsigned)(((unsigned long long)high << 32 | low) >> (shift & 31));
}

#define EMU_MIN_MAX(type)                                              \
  static inline type min(type a, type b) { return a < b ? a : b; }     \
  static inline type max(type a, type b) { return a > b ? a : b; }
EMU_MIN_MAX(int)
EMU_MIN_MAX(unsigned)
EMU_MIN_MAX(long)
EMU_MIN_MAX(unsigned long)
EMU_MIN_MAX(long long)
EMU_MIN_MAX(unsigned long long)
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }

template <class T>
T __ldg(const T* address) {
  return *address;
}

template <class T>
T __ldcs(const T* address) {
  return *address;
}

template <class T>
void __stcs(T* address, T value) {
  *address = value;
}

EMU_NO_RETURN static inline void __trap() { emu::fail("__trap()"); }

// ---- bf16 --------------------------------------------------------------------------------------

struct __nv_bfloat16 {
  uint16_t u;
};

struct alignas(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};

static inline float __bfloat162float(__nv_bfloat16 value) {
  return __uint_as_float((unsigned)value.u << 16);
}

// Rounds to nearest, ties to even; every NaN becomes 0x7fff.
static inline __nv_bfloat16 __float2bfloat16(float value) {
  unsigned bits = __float_as_uint(value);
  if ((bits & 0x7fffffff) > 0x7f800000) {
    return {(uint16_t)0x7fff};
  }
  return {(uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

static inline __nv_bfloat16 __float2bfloat16_rn(float value) { return __float2bfloat16(value); }

static inline __nv_bfloat162 __floats2bfloat162_rn(float low, float high) {
  return {__float2bfloat16(low), __float2bfloat16(high)};
}

static inline float2 __bfloat1622float2(__nv_bfloat162 pair) {
  return {__bfloat162float(pair.x), __bfloat162float(pair.y)};
}

static inline float __low2float(__nv_bfloat162 pair) { return __bfloat162float(pair.x); }

static inline float __high2float(__nv_bfloat162 pair) { return __bfloat162float(pair.y); }

static inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 value) { return value.u; }

static inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) { return {bits}; }
