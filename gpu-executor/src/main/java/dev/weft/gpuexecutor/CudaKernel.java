package dev.weft.gpuexecutor;

/** A kernel of a loaded module, ready to launch; it lives as long as its module. */
interface CudaKernel {
  /** The name of its entry. */
  String name();

  /** The bytes of dynamic shared memory that each of its blocks gets. */
  int sharedBytes();
}
