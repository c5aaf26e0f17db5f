// mma.cuh - the tensor-core product, and copies to shared memory that run by themselves.
//
// mma.sync.m16n8k16 multiplies A, 16x16, by B, 16x8, and adds to C, 16x8 in fp32. A warp holds all
// three in registers; with g = lane / 4 and t = lane % 4 a lane has these pairs of bf16, the element
// of the lower index in the lower half:
//
//   a[0] A[g][2t]    a[1] A[g+8][2t]    a[2] A[g][2t+8]    a[3] A[g+8][2t+8]
//   b[0] B[2t][g]    b[1] B[2t+8][g]
//   c[0] C[g][2t]    c[1] C[g][2t+1]    c[2] C[g+8][2t]    c[3] C[g+8][2t+1]
//
// A sum over k is the same for any order of k, as long as A and B agree. All our kernels use that:
// they give a lane elements that lie side by side in memory, so that a fragment is one wide load.
//
// Asynchronous copies belong to the thread that starts them: it commits them as a group, waits until
// its own groups are done, and then a block barrier shows the bytes to the others.
#pragma once
#include "device.cuh"

#ifdef __CUDACC__

static __device__ __forceinline__ void multiply_add(float (&c)[4], const unsigned (&a)[4],
                                                    unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Starts to copy 16 bytes to shared memory, or to write 16 zero bytes there where `valid` is false;
// then `from` is not read.
static __device__ __forceinline__ void copy_async(uint4* to, const uint4* from, bool valid) {
  unsigned shared = (unsigned)__cvta_generic_to_shared(to);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(shared), "l"(from), "r"(valid ? 16 : 0)
               : "memory");
}

static __device__ __forceinline__ void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

// Waits for all groups of this thread but the `Pending` last ones.
template <int Pending>
static __device__ __forceinline__ void await_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
}

#else

static inline void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  emu::multiply_add(c, a, b0, b1);
}

static inline void copy_async(uint4* to, const uint4* from, bool valid) {
  emu::copy_async(to, from, valid);
}

static inline void commit_copies() { emu::commit_copies(); }

template <int Pending>
static inline void await_copies() {
  emu::await_copies(Pending);
}

#endif
