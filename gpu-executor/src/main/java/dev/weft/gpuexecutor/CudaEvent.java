package dev.weft.gpuexecutor;

/** A point in the work of a stream that others wait for. Not recorded means done. */
interface CudaEvent extends CudaHandle {}
