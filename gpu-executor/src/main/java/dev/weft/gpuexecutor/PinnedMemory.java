package dev.weft.gpuexecutor;

import java.nio.ByteBuffer;

/**
 * Memory of the host that the device can copy from and to at any time, because it never moves. Its
 * owner frees it; slices are never freed.
 */
interface PinnedMemory {
  /** Where it begins, for the host and for the device. */
  long address();

  long bytes();

  /** All of it, in the byte order of the host. Always the same object: its position is shared. */
  ByteBuffer buffer();

  /**
   * A part of it, with a buffer of its own, valid as long as the whole is. Makes objects, so it is
   * no call for a step.
   *
   * @param from the first byte of the part, from 0
   * @throws IllegalArgumentException when the part is not inside
   */
  PinnedMemory slice(long from, long bytes);
}
