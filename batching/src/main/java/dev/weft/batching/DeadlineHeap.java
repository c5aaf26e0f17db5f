package dev.weft.batching;

import dev.weft.schedulerapi.Request;
import java.util.Arrays;

/**
 * Handles by deadline, the earliest first and the smaller handle among equals: a binary heap that
 * knows the place of each handle, so that removing any costs O(log n). Nothing allocates.
 */
final class DeadlineHeap {
  private static final int ABSENT = -1;

  private final int[] heap;
  private final int[] place;
  private final long[] deadlineNanos;
  private int size;

  DeadlineHeap(int maxNumHandles) {
    heap = new int[maxNumHandles];
    place = new int[maxNumHandles];
    Arrays.fill(place, ABSENT);
    deadlineNanos = new long[maxNumHandles];
  }

  /** Adds a handle; one with {@link Request#NO_DEADLINE} is left out. */
  void add(int handle, long deadlineNanos) {
    if (place[handle] != ABSENT) {
      throw new IllegalStateException("handle " + handle + " has a deadline already: "
          + this.deadlineNanos[handle] + ", new " + deadlineNanos);
    }
    if (deadlineNanos != Request.NO_DEADLINE) {
      this.deadlineNanos[handle] = deadlineNanos;
      siftUp(size++, handle);
    }
  }

  /** Removes a handle; nothing when it has no deadline here. */
  void remove(int handle) {
    int hole = place[handle];
    if (hole == ABSENT) {
      return;
    }
    place[handle] = ABSENT;
    int last = heap[--size];
    if (last != handle) {
      siftUp(siftHoleDown(hole, last), last);
    }
  }

  /** The handle with the earliest deadline; only when not empty. */
  int peek() {
    if (size == 0) {
      throw new IllegalStateException("no handle has a deadline");
    }
    return heap[0];
  }

  /** The earliest deadline, {@link Request#NO_DEADLINE} when empty. */
  long peekNanos() {
    return size == 0 ? Request.NO_DEADLINE : deadlineNanos[heap[0]];
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Throws when an entry is earlier than the one above it or misplaced; O(handles). */
  void checkIntegrity() {
    for (int i = 0; i < size; i++) {
      if (place[heap[i]] != i || (i > 0 && isEarlier(heap[i], heap[(i - 1) / 2]))) {
        throw new IllegalStateException(
            "handle " + heap[i] + " is at " + i + ", place " + place[heap[i]]);
      }
    }
    int numPlaced = 0;
    for (int at : place) {
      numPlaced += at == ABSENT ? 0 : 1;
    }
    if (numPlaced != size) {
      throw new IllegalStateException(
          numPlaced + " handles have a place, " + size + " are in the heap");
    }
  }

  /** Fills the hole, or one that it moves to on the way up, with the handle. */
  private void siftUp(int firstHole, int handle) {
    int hole = firstHole;
    while (hole > 0 && isEarlier(handle, heap[(hole - 1) / 2])) {
      put(hole, heap[(hole - 1) / 2]);
      hole = (hole - 1) / 2;
    }
    put(hole, handle);
  }

  /** Moves the hole below all that are earlier than the handle, and returns where it is. */
  private int siftHoleDown(int firstHole, int handle) {
    int hole = firstHole;
    int below = earlierChild(hole);
    while (below < size && isEarlier(heap[below], handle)) {
      put(hole, heap[below]);
      hole = below;
      below = earlierChild(hole);
    }
    return hole;
  }

  private int earlierChild(int at) {
    int first = 2 * at + 1;
    return first + 1 < size && isEarlier(heap[first + 1], heap[first]) ? first + 1 : first;
  }

  private void put(int at, int handle) {
    heap[at] = handle;
    place[handle] = at;
  }

  private boolean isEarlier(int a, int b) {
    return deadlineNanos[a] != deadlineNanos[b] ? deadlineNanos[a] < deadlineNanos[b] : a < b;
  }
}
