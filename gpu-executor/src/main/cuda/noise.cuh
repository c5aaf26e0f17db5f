// noise.cuh - the random numbers and elementary functions of sampling, to the bit those of Java.
//
// Every operation is written as the one that rounds as Java does; nvcc contracts none of these.
// Sources: Philox.java (Salmon et al., SC 2011), GumbelNoise.java and Exponential.java, with the
// coefficients of Moshier's Cephes library.
#pragma once
#include "device.cuh"

#define NEGATIVE_INFINITY __int_as_float(0xff800000)

#define PHILOX_SAMPLING 0
#define PHILOX_ROUNDS 10

/** The four words of a counter of Philox4x32-10. */
static __device__ __forceinline__ uint4 philox(unsigned key0, unsigned key1, unsigned c0,
                                               unsigned c1, unsigned c2, unsigned c3) {
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    unsigned high0 = __umulhi(0xD2511F53u, c0);
    unsigned low0 = 0xD2511F53u * c0;
    unsigned high1 = __umulhi(0xCD9E8D57u, c2);
    unsigned low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ key0;
    c1 = low1;
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  uint4 words;
  words.x = c0;
  words.y = c1;
  words.z = c2;
  words.w = c3;
  return words;
}

/** The natural logarithm of a positive normal float. */
static __device__ __forceinline__ float log_exact(float x) {
  int bits = __float_as_int(x);
  int exponent = (int)((unsigned)bits >> 23) - 126;
  float fraction = __int_as_float((bits & 0x007FFFFF) | 0x3F000000);
  if (fraction < 0.70710677f) {
    exponent--;
    fraction = __fadd_rn(fraction, fraction);
  }
  float f = __fsub_rn(fraction, 1.f);
  float square = __fmul_rn(f, f);
  float p = 0.070376836f;
  p = __fmaf_rn(p, f, -0.1151461f);
  p = __fmaf_rn(p, f, 0.116769984f);
  p = __fmaf_rn(p, f, -0.12420141f);
  p = __fmaf_rn(p, f, 0.14249323f);
  p = __fmaf_rn(p, f, -0.16668057f);
  p = __fmaf_rn(p, f, 0.20000714f);
  p = __fmaf_rn(p, f, -0.24999994f);
  p = __fmaf_rn(p, f, 0.3333333f);
  float low = __fmaf_rn(-0.5f, square, __fmul_rn(__fmul_rn(p, f), square));
  low = __fmaf_rn(__int2float_rn(exponent), -2.1219444e-4f, low);
  return __fmaf_rn(__int2float_rn(exponent), 355.f / 512.f, __fadd_rn(f, low));
}

/** The Gumbel noise of a random word, of which the upper 23 bits count. */
static __device__ __forceinline__ float gumbel(unsigned word) {
  float uniform = __fmul_rn(__fadd_rn(__int2float_rn((int)(word >> 9)), 0.5f), 0x1p-23f);
  return -log_exact(-log_exact(uniform));
}

/** e to the x; arguments are clamped to [-87.3, 88], NaN stays NaN. */
static __device__ __forceinline__ float exp_exact(float x) {
  if (x != x) {
    return x;
  }
  const float rounder = 12582912.f;  // adding and subtracting it rounds to an integer
  x = x > 88.f ? 88.f : x;
  x = x < -87.3f ? -87.3f : x;
  float n = __fsub_rn(__fmaf_rn(x, 1.442695f, rounder), rounder);
  float r = __fmaf_rn(n, 2.1219444e-4f, __fmaf_rn(n, -355.f / 512.f, x));
  float p = 1.9875691e-4f;
  p = __fmaf_rn(p, r, 0.0013981999f);
  p = __fmaf_rn(p, r, 0.008333452f);
  p = __fmaf_rn(p, r, 0.041665796f);
  p = __fmaf_rn(p, r, 0.16666666f);
  p = __fmaf_rn(p, r, 0.5f);
  float reduced = __fmaf_rn(p, __fmul_rn(r, r), __fadd_rn(r, 1.f));
  return __fmul_rn(reduced, __int_as_float(((int)n + 127) << 23));
}
