// mma.cuh - the matrix instruction of sm_80.
//
// mma.sync.m16n8k16, bf16 with fp32 sums: C[16][8] += A[16][16] * B[16][8]. With g = lane / 4 and
// t = lane % 4 a lane holds
//   a[0] A[g][2t..]    a[1] A[g+8][2t..]    a[2] A[g][2t+8..]    a[3] A[g+8][2t+8..]
//   b[0] B[2t..][g]    b[1] B[2t+8..][g]
//   c[0] C[g][2t]      c[1] C[g][2t+1]      c[2] C[g+8][2t]      c[3] C[g+8][2t+1]
// where "2t.." means two neighbours, the first in the low half.
#pragma once
#include "device.cuh"

static __device__ __forceinline__ void mma_16x8x16(float (&c)[4], const uint32_t (&a)[4],
                                                   const uint32_t (&b)[2]) {
#ifdef __CUDACC__
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  emu::mma_16x8x16(c, a, b);
#endif
}
