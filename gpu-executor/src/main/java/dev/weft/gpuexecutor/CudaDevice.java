package dev.weft.gpuexecutor;

/**
 * What the driver says of a device.
 *
 * @param ordinal its place in the driver's list, from 0
 * @param name its product name
 * @param major the first number of its compute capability
 * @param minor the second number of its compute capability
 * @param numMultiprocessors how many multiprocessors it has
 */
record CudaDevice(int ordinal, String name, int major, int minor, int numMultiprocessors) {}
