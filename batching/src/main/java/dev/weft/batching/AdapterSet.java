package dev.weft.batching;

/**
 * The different adapters among the rows of a step, each with its number of rows; adapter 0, the
 * plain model, does not count. An array that is searched from its start: an executor holds few
 * adapters, so every question costs O(adapters used) and clearing O(1).
 */
final class AdapterSet {
  private final int maxNumAdapters;
  private final int[] adapterIds;
  private final int[] numRows;
  private int size;

  /** @param maxNumAdapters most that one step can have; 0 = not limited */
  AdapterSet(int maxNumAdapters) {
    this.maxNumAdapters = maxNumAdapters;
    adapterIds = new int[maxNumAdapters];
    numRows = new int[maxNumAdapters];
  }

  void clear() {
    size = 0;
  }

  /** True when a row with this adapter can be added. */
  boolean hasRoom(int adapterId) {
    return isFree(adapterId) || size < maxNumAdapters || indexOf(adapterId) >= 0;
  }

  /** Counts a row; only when {@link #hasRoom}. */
  void add(int adapterId) {
    if (isFree(adapterId)) {
      return;
    }
    int index = indexOf(adapterId);
    if (index < 0) {
      if (size == maxNumAdapters) {
        throw new IllegalStateException(
            "adapter " + adapterId + " is one more than " + maxNumAdapters);
      }
      index = size++;
      adapterIds[index] = adapterId;
      numRows[index] = 0;
    }
    numRows[index]++;
  }

  /** Takes back one {@link #add}. */
  void remove(int adapterId) {
    if (isFree(adapterId)) {
      return;
    }
    int index = indexOf(adapterId);
    if (index < 0) {
      throw new IllegalStateException("adapter " + adapterId + " has no row");
    }
    if (--numRows[index] == 0) {
      size--;
      adapterIds[index] = adapterIds[size];
      numRows[index] = numRows[size];
    }
  }

  private boolean isFree(int adapterId) {
    return adapterId == 0 || maxNumAdapters == 0;
  }

  private int indexOf(int adapterId) {
    for (int i = 0; i < size; i++) {
      if (adapterIds[i] == adapterId) {
        return i;
      }
    }
    return -1;
  }
}
