// layers.cuh - what a transformer layer does to each row alone.
#pragma once
#include "device.cuh"

// out[row] = x[row] / rms(x[row]) * weight. One block of 256 threads per row.
extern "C" __global__ void __launch_bounds__(256)
    rms_norm(bf16* out, const bf16* x, const bf16* weight, int width, int stride, float epsilon) {
  __shared__ float sums[32];
  const bf16* row = x + (size_t)blockIdx.x * stride;
  float sum = 0;
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    float v = to_float(row[i]);
    sum += v * v;
  }
  sum = warp_sum(sum);
  if ((threadIdx.x & 31) == 0) {
    sums[threadIdx.x >> 5] = sum;
  }
  __syncthreads();
  float all = (threadIdx.x & 31) < (blockDim.x >> 5) ? sums[threadIdx.x & 31] : 0.f;
  float scale = rsqrtf(warp_sum(all) / width + epsilon);
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    out[(size_t)blockIdx.x * stride + i] = to_bf16(to_float(row[i]) * scale * to_float(weight[i]));
  }
}
