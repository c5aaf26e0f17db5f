package dev.weft.gpuexecutor;

/** Work that was captured from a stream and is launched as one. */
interface CudaGraph extends CudaHandle {}
