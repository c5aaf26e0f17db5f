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
#include <stdint.h>
#define DYNAMIC_SHARED(type, name)                             \
  extern __shared__ __align__(128) unsigned char name##_raw[]; \
  type* name = (type*)name##_raw
#else
#include "emu.h"
#endif

typedef __nv_bfloat16 bf16;

#define ALL_LANES 0xffffffffu

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
