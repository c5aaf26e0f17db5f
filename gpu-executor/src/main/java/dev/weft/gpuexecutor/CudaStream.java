package dev.weft.gpuexecutor;

/** A queue of work of the device. Work of one stream runs in order, work of two in any. */
interface CudaStream extends CudaHandle {
  /** The driver's own number for it, for libraries that are given a stream. */
  long address();
}
