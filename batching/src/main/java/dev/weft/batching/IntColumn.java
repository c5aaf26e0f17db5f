package dev.weft.batching;

import java.util.Arrays;

/** A growing list of ints that keeps its memory when it is cleared. */
final class IntColumn {
  private int[] values = new int[64];
  private int size;

  int size() {
    return size;
  }

  int get(int index) {
    return values[index];
  }

  void set(int index, int value) {
    values[index] = value;
  }

  void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  /** Drops what is at {@code newSize} and behind. */
  void shrink(int newSize) {
    size = newSize;
  }
}
