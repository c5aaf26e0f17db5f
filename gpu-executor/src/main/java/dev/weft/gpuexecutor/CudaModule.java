package dev.weft.gpuexecutor;

/** Kernels that the driver has compiled for the device. */
interface CudaModule extends CudaHandle {}
