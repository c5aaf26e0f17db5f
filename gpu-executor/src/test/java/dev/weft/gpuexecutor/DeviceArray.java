package dev.weft.gpuexecutor;

import java.nio.ByteBuffer;

/** An array in the memory of the emulated device, with copies that wait. Made by KernelRunner. */
final class DeviceArray {
  private final CudaDriver driver;
  private final CudaStream stream;
  private final DeviceMemory memory;
  private final int length;

  DeviceArray(CudaDriver driver, CudaStream stream, int length, int elementBytes) {
    this.driver = driver;
    this.stream = stream;
    this.length = length;
    // A length of 0 still has an address.
    this.memory = driver.allocate(Math.max(1, (long) length * elementBytes));
  }

  DeviceMemory memory() {
    return memory;
  }

  long address() {
    return memory.address();
  }

  int length() {
    return length;
  }

  DeviceArray put(float[] values) {
    copyIn(buffer -> buffer.asFloatBuffer().put(values));
    return this;
  }

  DeviceArray put(int[] values) {
    copyIn(buffer -> buffer.asIntBuffer().put(values));
    return this;
  }

  DeviceArray put(short[] values) {
    copyIn(buffer -> buffer.asShortBuffer().put(values));
    return this;
  }

  DeviceArray putBf16(float[] values) {
    short[] rounded = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = bf16(values[i]);
    }
    return put(rounded);
  }

  /** Sets every byte. */
  DeviceArray fill(int value) {
    driver.fill(memory, (byte) value, memory.bytes(), stream);
    driver.synchronize();
    return this;
  }

  float[] toFloats() {
    float[] values = new float[length];
    copyOut(buffer -> buffer.asFloatBuffer().get(values));
    return values;
  }

  int[] toInts() {
    int[] values = new int[length];
    copyOut(buffer -> buffer.asIntBuffer().get(values));
    return values;
  }

  /** The bits of elements of 2 bytes. */
  short[] toShorts() {
    short[] values = new short[length];
    copyOut(buffer -> buffer.asShortBuffer().get(values));
    return values;
  }

  /** Elements of bf16 as floats. */
  float[] toFloatsFromBf16() {
    short[] bits = toShorts();
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = fromBf16(bits[i]);
    }
    return values;
  }

  void free() {
    driver.free(memory);
  }

  /** The nearest bf16, ties to even. */
  static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return 0x7fff;
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  static float fromBf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The value that bf16 keeps of it. */
  static float rounded(float value) {
    return fromBf16(bf16(value));
  }

  private interface Access {
    void to(ByteBuffer buffer);
  }

  private void copyIn(Access access) {
    PinnedMemory pinned = driver.allocatePinned(memory.bytes());
    access.to(pinned.buffer());
    driver.copyToDevice(memory, pinned, memory.bytes(), stream);
    driver.synchronize();
    driver.free(pinned);
  }

  private void copyOut(Access access) {
    PinnedMemory pinned = driver.allocatePinned(memory.bytes());
    driver.copyToHost(pinned, memory, memory.bytes(), stream);
    driver.synchronize();
    access.to(pinned.buffer());
    driver.free(pinned);
  }
}
