package dev.weft.gpuexecutor;

/** A range of a device's memory. Its owner frees it; slices are never freed. */
interface DeviceMemory {
  /** Where it begins in the address space of the device. */
  long address();

  long bytes();

  /**
   * A part of it, valid as long as the whole is. Makes an object, so it is no call for a step.
   *
   * @param from the first byte of the part, from 0
   * @throws IllegalArgumentException when the part is not inside
   */
  DeviceMemory slice(long from, long bytes);
}
