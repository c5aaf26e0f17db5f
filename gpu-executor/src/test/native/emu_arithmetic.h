// emu_arithmetic.h - the numbers of emu.h: exact arithmetic, conversions, bits, bf16.
//
// All numbers are exact: with -ffp-contract=off and -mfma an expression is what it says, __fmaf_rn
// is one rounding and the other __f.._rn are the plain operation. The approximate functions of a
// GPU (__expf, rsqrtf, ..) are the C library's here, so these agree by tolerance only.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

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
