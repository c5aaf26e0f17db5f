package dev.weft.batching;

import java.util.Arrays;

/** A growing list of longs that keeps its memory when it is cleared. */
final class LongColumn {
  private long[] values = new long[64];
  private int size;

  int size() {
    return size;
  }

  long get(int index) {
    return values[index];
  }

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  void clear() {
    size = 0;
  }

  /** Replaces the other list by this one and empties this one. */
  void moveTo(LongColumn other) {
    other.size = 0;
    for (int i = 0; i < size; i++) {
      other.add(values[i]);
    }
    size = 0;
  }
}
