package dev.weft.batching;

import java.util.Arrays;
import java.util.Objects;

/**
 * Numbers in ascending order, for a gate or a victim order that has to sort in every step: sorted
 * when they are first read, by a shell sort (Shell, CACM 1959; gaps of Knuth, The Art of Computer
 * Programming 3, 1973), because the sort of the JDK allocates. O(n^1.5) to sort, O(n) to add to or
 * remove from what is sorted; allocates nothing once it has held as many.
 */
public final class SortedLongs {
  private static final int[] GAPS = {29_524, 9_841, 3_280, 1_093, 364, 121, 40, 13, 4, 1};
  private long[] values = new long[64];
  private int size;
  private boolean isSorted = true;

  /** An empty one. */
  public SortedLongs() {}

  public void clear() {
    size = 0;
    isSorted = true;
  }

  public int size() {
    return size;
  }

  public void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    isSorted = size == 0 || (isSorted && values[size - 1] <= value);
    values[size++] = value;
  }

  /** The value at an index of the ascending order, 0 to {@code size() - 1}. */
  public long get(int index) {
    Objects.checkIndex(index, size);
    sort();
    return values[index];
  }

  /**
   * Takes out one of the values that are equal to this.
   *
   * @throws IllegalArgumentException when there is none
   */
  public void remove(long value) {
    sort();
    int index = Arrays.binarySearch(values, 0, size, value);
    if (index < 0) {
      throw new IllegalArgumentException(value + " is none of the " + size + " values");
    }
    System.arraycopy(values, index + 1, values, index, --size - index);
  }

  private void sort() {
    for (int i = 0; !isSorted && i < GAPS.length; i++) {
      sort(GAPS[i]);
    }
    isSorted = true;
  }

  private void sort(int gap) {
    for (int i = gap; i < size; i++) {
      long value = values[i];
      int place = i;
      while (place >= gap && values[place - gap] > value) {
        values[place] = values[place - gap];
        place -= gap;
      }
      values[place] = value;
    }
  }
}
