// kernels.cu - all kernels, as one translation unit. tools/build-kernels makes the PTX of it.
#include "attention.cuh"
#include "blocks.cuh"
#include "gemm_tiled.cuh"
#include "inputs.cuh"
#include "layers.cuh"
#include "mma.cuh"
#include "sampling.cuh"
#include "verify.cuh"
