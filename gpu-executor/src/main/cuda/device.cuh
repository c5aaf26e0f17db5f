// device.cuh - what all kernels share: the types, the conversions and the sums of a warp.
//
// One source, two compilers. nvcc makes the PTX that is shipped; g++, with emu.h of the tests, makes
// the same kernels for the CPU. So kernels keep to CUDA C++ that emu.h knows, and what only a GPU
// can say (inline PTX) is in one place for each instruction, with its counterpart of emu.h beside
// it.
//
// A device function that owns __shared__ variables is neither static nor in an anonymous namespace:
// internal linkage would put a hash of the path of the source into the PTX.
#pragma once

#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <limits.h>
#include <stdint.h>
#define DYNAMIC_SHARED(type, name)                             \
  extern __shared__ __align__(128) unsigned char name##_raw[]; \
  type* name = (type*)name##_raw
#else
#include "emu.h"
#endif

typedef __nv_bfloat16 bf16;

#define ALL_LANES 0xffffffffu

constexpr int WARP_SIZE = 32;

static __device__ __forceinline__ int lane_index() { return threadIdx.x & (WARP_SIZE - 1); }

static __device__ __forceinline__ int warp_index() { return threadIdx.x / WARP_SIZE; }

static __device__ __forceinline__ float bits_to_float(unsigned bits) {
  return __int_as_float((int)bits);
}

// The two bf16 numbers of a word, the one at the lower address first.
static __device__ __forceinline__ float low_half(unsigned word) {
  return bits_to_float(word << 16);
}

static __device__ __forceinline__ float high_half(unsigned word) {
  return bits_to_float(word & 0xffff0000u);
}

// Rounds two numbers into one word.
static __device__ __forceinline__ unsigned pack_halves(float low, float high) {
#ifdef __CUDACC__
  unsigned word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
#else
  return (unsigned)__float2bfloat16(low).u | (unsigned)__float2bfloat16(high).u << 16;
#endif
}

static __device__ __forceinline__ float to_float(bf16 x) { return __bfloat162float(x); }

/** Rounds to nearest, ties to even. */
static __device__ __forceinline__ bf16 to_bf16(float x) { return __float2bfloat16(x); }

/** The sum over the warp, in every lane and with the same bits in every lane. */
static __device__ __forceinline__ float warp_sum(float x) {
  for (int distance = 16; distance; distance >>= 1) {
    x += __shfl_xor_sync(ALL_LANES, x, distance);
  }
  return x;
}

static __device__ __forceinline__ float warp_max(float value) {
  for (int distance = WARP_SIZE / 2; distance > 0; distance /= 2) {
    value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, distance));
  }
  return value;
}

// Loads of memory that nobody writes while the kernel runs. They are volatile so that they stay
// where they are written: before the arithmetic that they are to overlap with.
#ifdef __CUDACC__
static __device__ __forceinline__ uint4 load_cached(const uint4* from) {
  uint4 v;
  asm volatile("ld.global.nc.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from));
  return v;
}

static __device__ __forceinline__ uint2 load_cached(const uint2* from) {
  uint2 v;
  asm volatile("ld.global.nc.v2.u32 {%0,%1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(from));
  return v;
}
#else
static inline uint4 load_cached(const uint4* from) { return *from; }

static inline uint2 load_cached(const uint2* from) { return *from; }
#endif
