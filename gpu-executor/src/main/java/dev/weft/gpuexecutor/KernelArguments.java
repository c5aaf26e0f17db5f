package dev.weft.gpuexecutor;

import java.nio.ByteBuffer;

/**
 * The arguments of one kernel in pinned memory, in the very form that {@code cuLaunchKernel} reads:
 * an array of pointers to the values, and behind it the values. The array is written once, so a
 * launch hands the driver a single pointer, and setting a value is a single store. A launch reads
 * the values before it returns; they may be set anew right after.
 *
 * <pre>
 * 0           8 * MAX_PARAMETERS        BYTES
 * | pointers  | values, 8 bytes each    |
 * </pre>
 */
final class KernelArguments {
  /** The most parameters that a kernel may have. */
  static final int MAX_PARAMETERS = 32;

  /** The bytes of pinned memory that the arguments of any kernel take. */
  static final int BYTES = 2 * Long.BYTES * MAX_PARAMETERS;

  private static final int VALUES = Long.BYTES * MAX_PARAMETERS;

  private final Kernel kernel;
  private final PinnedMemory memory;
  private final ByteBuffer buffer;

  /**
   * Arguments that are all 0.
   *
   * @param memory {@link #BYTES} bytes or more, which only this object uses from now on; whoever
   *     allocated them frees them
   */
  KernelArguments(Kernel kernel, PinnedMemory memory) {
    if (memory.bytes() < BYTES || kernel.numParameters() > MAX_PARAMETERS) {
      throw new IllegalArgumentException(kernel.entry() + ": " + kernel.numParameters()
          + " parameters of " + MAX_PARAMETERS + ", " + memory.bytes() + " bytes of " + BYTES);
    }
    this.kernel = kernel;
    this.memory = memory;
    this.buffer = memory.buffer();
    for (int i = 0; i < MAX_PARAMETERS; i++) {
      buffer.putLong(Long.BYTES * i, memory.address() + offset(i));
      buffer.putLong(offset(i), 0);
    }
  }

  Kernel kernel() {
    return kernel;
  }

  /** Where the array of pointers begins. */
  PinnedMemory memory() {
    return memory;
  }

  KernelArguments pointer(int index, DeviceMemory value) {
    return pointer(index, value.address());
  }

  /** @param address an address of the device; 0 is the null pointer */
  KernelArguments pointer(int index, long address) {
    buffer.putLong(checked(index, 'P'), address);
    return this;
  }

  KernelArguments integer(int index, int value) {
    buffer.putInt(checked(index, 'I'), value);
    return this;
  }

  KernelArguments real(int index, float value) {
    buffer.putFloat(checked(index, 'F'), value);
    return this;
  }

  private int checked(int index, char kind) {
    if (index < 0 || index >= kernel.numParameters() || kernel.parameter(index) != kind) {
      throw new IllegalArgumentException(
          kernel.entry() + ": parameter " + index + " of " + kernel.parameters()
              + " is not " + kind);
    }
    return offset(index);
  }

  private static int offset(int index) {
    return VALUES + Long.BYTES * index;
  }
}
