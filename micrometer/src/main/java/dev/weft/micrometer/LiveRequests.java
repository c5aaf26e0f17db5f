package dev.weft.micrometer;

import org.jspecify.annotations.Nullable;

/**
 * The live requests by id: an open-addressing table with linear probing, at most half full, whose
 * removals move later entries back, so that it needs no marks of what was removed. A lookup costs
 * O(1) and allocates nothing; adding may double the table, which never shrinks: it is bounded by
 * the most requests that ever lived at once.
 */
final class LiveRequests {
  private static final int MIN_CAPACITY = 64;
  private @Nullable LiveRequest[] table = new LiveRequest[MIN_CAPACITY];
  private int size;

  int size() {
    return size;
  }

  /** Null when there is none with this id. */
  @Nullable LiveRequest find(long id) {
    return table[indexOf(id)];
  }

  /** Replaces one with the same id, if there is any. */
  void put(LiveRequest request) {
    int index = indexOf(request.id);
    boolean isNew = table[index] == null;
    table[index] = request;
    if (isNew && ++size > table.length / 2) {
      grow();
    }
  }

  private void grow() {
    @Nullable LiveRequest[] old = table;
    table = new LiveRequest[2 * old.length];
    for (LiveRequest request : old) {
      if (request != null) {
        table[indexOf(request.id)] = request;
      }
    }
  }

  /** Nothing happens when there is none with this id. */
  void remove(long id) {
    int hole = indexOf(id);
    if (table[hole] == null) {
      return;
    }
    size--;
    table[hole] = null;
    int mask = table.length - 1;
    for (int i = (hole + 1) & mask; table[i] != null; i = (i + 1) & mask) {
      LiveRequest request = table[i];
      table[i] = null;
      table[indexOf(request.id)] = request; // Its own place again, or the hole before it.
    }
  }

  /** Where the id is, or the free place where it would be put. */
  private int indexOf(long id) {
    int mask = table.length - 1;
    int index = (int) ((id * 0x9E3779B97F4A7C15L) >>> 32) & mask;
    while (table[index] != null && table[index].id != id) {
      index = (index + 1) & mask;
    }
    return index;
  }
}
