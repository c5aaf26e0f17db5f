package dev.weft.gpuexecutor;

import java.nio.IntBuffer;

/** A buffer of ints that is filled section by section, and inside a section in any order. */
final class PackedInts {
  /** Sections begin at multiples of 16 bytes. */
  private static final int ALIGNMENT = 4;

  private IntBuffer target = IntBuffer.allocate(0);
  private int end;

  /** Begins anew, in another buffer. */
  void begin(IntBuffer target) {
    this.target = target;
    end = 0;
  }

  /**
   * Appends a section, which holds what was there before.
   *
   * @return where it begins
   */
  int section(int numInts) {
    int start = end;
    end = (start + numInts + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return start;
  }

  /** The most ints that a section takes beyond its length. */
  static int maxPadding() {
    return ALIGNMENT - 1;
  }

  void put(int at, int value) {
    target.put(at, value);
  }

  void put(int at, float value) {
    target.put(at, Float.floatToRawIntBits(value));
  }

  /** Writes two ints, the low half first. */
  void put(int at, long value) {
    target.put(at, (int) value);
    target.put(at + 1, (int) (value >>> Integer.SIZE));
  }

  /** What is being filled; only up to {@link #numInts} it belongs to the sections. */
  IntBuffer target() {
    return target;
  }

  /** Where the next section will begin. */
  int numInts() {
    return end;
  }
}
