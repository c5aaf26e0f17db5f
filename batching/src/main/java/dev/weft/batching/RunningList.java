package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;

/**
 * Handles that hold KV blocks, oldest admission first. Those that stop to run leave at
 * {@link #retain}.
 */
final class RunningList implements SequenceList {
  private final SequenceTable table;
  private final int[] handles;
  private int size;

  RunningList(SequenceTable table, int capacity) {
    this.table = table;
    handles = new int[capacity];
  }

  @Override public int size() {
    return size;
  }

  @Override public SequenceView get(int index) {
    return table.view[handleAt(index)];
  }

  /** The handles, of which the first {@link #size} count; replaced never, changed between steps. */
  int[] handles() {
    return handles;
  }

  int handleAt(int index) {
    if (index >= size) {
      throw new IndexOutOfBoundsException("index " + index + " of " + size + " running sequences");
    }
    return handles[index];
  }

  void addLast(int handle) {
    handles[size++] = handle;
  }

  /** Drops all handles that do not run any more; O(size). */
  void retain() {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      int handle = handles[i];
      handles[kept] = handle;
      kept += table.status[handle] == SequenceTable.RUNNING ? 1 : 0;
    }
    size = kept;
  }
}
