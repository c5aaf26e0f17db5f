// kernels.cu - all kernels, as one translation unit. tools/build-kernels makes the PTX of it.
#include "layers.cuh"
#include "mma.cuh"
