package dev.weft.gpuexecutor;

/** A kernel of a loaded module, ready to launch; it lives as long as its module. */
interface CudaKernel {}
