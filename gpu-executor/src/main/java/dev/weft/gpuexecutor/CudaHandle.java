package dev.weft.gpuexecutor;

/**
 * Something that the driver made and that {@link CudaDriver#release} gives back. Nobody but the
 * driver that made it looks into it.
 */
interface CudaHandle {}
