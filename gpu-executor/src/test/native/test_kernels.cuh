// test_kernels.cuh - kernels for the tests of the emulator and of the stand-in driver themselves.
//
// Some are right and show what the emulator computes; the others have one fault each that must be
// found. Their PTX is a list of parameters that the test writes (class TestKernel), so they are in
// the stand-in only.
#pragma once
#include "device.cuh"
#include "mma.cuh"

// ---- right -------------------------------------------------------------------------------------

// to[i] = from[index[i]] + addend.
extern "C" __global__ void test_gather(int* to, const int* from, const int* index, int count,
                                       int addend) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) {
    to[i] = from[index[i]] + addend;
  }
}

// Where a thread is: block, thread, and the sizes.
extern "C" __global__ void test_place(int* to) {
  int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  int* own = to + (block * blockDim.x + threadIdx.x) * 4;
  own[0] = blockIdx.x;
  own[1] = blockIdx.y;
  own[2] = blockIdx.z;
  own[3] = threadIdx.x;
}

// 16 numbers of each lane of one warp; value is what the lane brings.
extern "C" __global__ void test_lanes(int* to, const int* from) {
  int lane = threadIdx.x;
  int value = from[lane];
  int* own = to + lane * 16;
  own[0] = __shfl_sync(ALL_LANES, value, 5);
  own[1] = __shfl_sync(ALL_LANES, value, lane + 3, 8);
  own[2] = __shfl_xor_sync(ALL_LANES, value, 3);
  own[3] = __shfl_xor_sync(ALL_LANES, value, 9, 8);
  own[4] = __shfl_up_sync(ALL_LANES, value, 2);
  own[5] = __shfl_down_sync(ALL_LANES, value, 5);
  own[6] = __shfl_down_sync(ALL_LANES, value, 5, 16);
  own[7] = (int)__ballot_sync(ALL_LANES, value & 1);
  own[8] = __any_sync(ALL_LANES, value == from[7]);
  own[9] = __all_sync(ALL_LANES, value == from[7]);
  own[10] = __clz(value);
  own[11] = __popc(value);
  own[12] = __ffs(value);
  own[13] = (int)__umulhi((unsigned)value, 0x9E3779B9u);
  own[14] = (int)__brev((unsigned)value);
  // Each half of the warp by itself, at the same time.
  unsigned half = lane < 16 ? 0x0000ffffu : 0xffff0000u;
  own[15] = __shfl_xor_sync(half, value, 1);
}

// Sums of all threads, made in four ways; one block.
extern "C" __global__ void test_sums(int* to, const int* from) {
  __shared__ int sums[32];
  __shared__ int atomicSum;
  DYNAMIC_SHARED(int, values);
  int value = from[threadIdx.x];
  if (threadIdx.x == 0) {
    atomicSum = 0;
  }
  values[threadIdx.x] = value;
  int warpSum = value;
  for (int distance = 16; distance; distance >>= 1) {
    warpSum += __shfl_xor_sync(ALL_LANES, warpSum, distance);
  }
  if (threadIdx.x % 32 == 0) {
    sums[threadIdx.x / 32] = warpSum;
  }
  int numOdd = __syncthreads_count(value & 1);
  atomicAdd(&atomicSum, value);
  atomicAdd(&to[4], value);
  atomicMax(&to[5], value);
  __syncthreads();
  if (threadIdx.x == 0) {
    to[0] = to[1] = 0;
    for (unsigned i = 0; i < blockDim.x / 32; i++) {
      to[0] += sums[i];
    }
    for (unsigned i = 0; i < blockDim.x; i++) {
      to[1] += values[i];
    }
    to[2] = atomicSum;
    to[3] = numOdd;
  }
}

// c[16][8] += a[16][16] * b[16][8], all of it in memory row by row; one warp.
extern "C" __global__ void test_product(float* c, const bf16* a, const bf16* b) {
  int g = threadIdx.x / 4;
  int t = threadIdx.x % 4 * 2;
  unsigned left[4];
  for (int i = 0; i < 4; i++) {
    left[i] = *(const unsigned*)&a[(g + i % 2 * 8) * 16 + t + i / 2 * 8];
  }
  unsigned right[2];
  for (int i = 0; i < 2; i++) {
    right[i] = __bfloat16_as_ushort(b[(t + i * 8) * 8 + g]) |
               (unsigned)__bfloat16_as_ushort(b[(t + i * 8 + 1) * 8 + g]) << 16;
  }
  float sum[4];
  for (int i = 0; i < 4; i++) {
    sum[i] = c[(g + i / 2 * 8) * 8 + t + i % 2];
  }
  multiply_add(sum, left, right[0], right[1]);
  for (int i = 0; i < 4; i++) {
    c[(g + i / 2 * 8) * 8 + t + i % 2] = sum[i];
  }
}

// to[i] = from of the neighbour's neighbour + 1, through shared memory that is used twice, in one
// block. `mode` leaves out one thing: 1 the first barrier, 2 the second, 3 the wait for the copy; 4
// has barriers of the warp in place of the second one.
extern "C" __global__ void test_exchange(int* to, const int* from, int mode) {
  __shared__ int4 stage[256];
  int next = (threadIdx.x + 32) % blockDim.x;
  copy_async((uint4*)&stage[threadIdx.x], (const uint4*)from + threadIdx.x, true);
  commit_copies();
  if (mode != 3) {
    await_copies<0>();
  }
  if (mode != 1) {
    __syncthreads();
  }
  int first = stage[next].x;
  if (mode == 4) {
    __syncwarp();
    __syncwarp();
  } else if (mode != 2) {
    __syncthreads();
  }
  stage[threadIdx.x].x = first + 1;
  __syncthreads();
  to[threadIdx.x] = stage[next].x;
}

// Lane 0 hands a number to the others through shared memory; with or without __syncwarp.
extern "C" __global__ void test_warp_exchange(int* to, int synchronizes) {
  __shared__ int handed;
  if (threadIdx.x == 0) {
    handed = 17;
  }
  if (synchronizes) {
    __syncwarp();
  } else {
    __ballot_sync(ALL_LANES, 1);
  }
  to[threadIdx.x] = handed;
}

// ---- wrong -------------------------------------------------------------------------------------

// Every block writes the same number to the same place.
extern "C" __global__ void test_blocks_meet(int* to) { to[0] = 1; }

// The same, as it should be.
extern "C" __global__ void test_blocks_count(int* to) { atomicAdd(to, 1); }

extern "C" __global__ void test_reads_unwritten_shared(float* to) {
  __shared__ float numbers[64];
  if (threadIdx.x < 32) {
    numbers[threadIdx.x] = 1;
  }
  __syncthreads();
  to[threadIdx.x] = numbers[threadIdx.x];
}

extern "C" __global__ void test_writes_at(int* to, int index) { to[index] = 1; }

extern "C" __global__ void test_reads_at(int* to, const int* from, int index) {
  to[0] = from[index];
}

extern "C" __global__ void test_writes_dynamic_shared_at(int* to, int index) {
  DYNAMIC_SHARED(volatile int, numbers);
  numbers[index] = 1;
  to[0] = numbers[index];
}

// One warp waits for the block, another for lanes that wait for the block.
extern "C" __global__ void test_divergent_barrier(int* to) {
  if (threadIdx.x < 40) {
    __syncthreads();
  } else {
    __syncwarp();
  }
  to[threadIdx.x] = 1;
}

// Half of the warp meets in a shuffle that names all of it; the others have ended.
extern "C" __global__ void test_shuffle_of_the_gone(int* to) {
  if (threadIdx.x < 16) {
    to[threadIdx.x] = __shfl_sync(ALL_LANES, 1, 0);
  }
}

extern "C" __global__ void test_lanes_disagree(int* to) {
  if (threadIdx.x % 2) {
    to[threadIdx.x] = __shfl_sync(ALL_LANES, 1, 0);
  } else {
    to[threadIdx.x] = __any_sync(ALL_LANES, 1);
  }
}

extern "C" __global__ void test_trap(int* to) {
  if (threadIdx.x == 3) {
    __trap();
  }
  to[threadIdx.x] = 1;
}

__attribute__((noinline)) static int recursion(int depth) {
  volatile char room[1024];
  room[depth % 1024] = (char)depth;
  return depth == 0 ? room[0] : recursion(depth - 1) + room[depth % 1024];
}

extern "C" __global__ void test_recursion(int* to, int depth) { to[0] = recursion(depth); }

#define TEST_KERNELS                    \
  KERNEL(test_gather)                   \
  KERNEL(test_place)                    \
  KERNEL(test_lanes)                    \
  KERNEL(test_sums)                     \
  KERNEL(test_product)                  \
  KERNEL(test_exchange)                 \
  KERNEL(test_warp_exchange)            \
  KERNEL(test_blocks_meet)              \
  KERNEL(test_blocks_count)             \
  KERNEL(test_reads_unwritten_shared)   \
  KERNEL(test_writes_at)                \
  KERNEL(test_reads_at)                 \
  KERNEL(test_writes_dynamic_shared_at) \
  KERNEL(test_divergent_barrier)        \
  KERNEL(test_shuffle_of_the_gone)      \
  KERNEL(test_lanes_disagree)           \
  KERNEL(test_trap)                     \
  KERNEL(test_recursion)
