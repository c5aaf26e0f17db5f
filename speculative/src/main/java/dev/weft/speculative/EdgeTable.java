package dev.weft.speculative;

import java.util.Arrays;

/**
 * The children of the states of a {@link SuffixAutomaton} that have more than fit into them, by
 * state and token: a hash table with linear probing, whose edges lie in the table itself, so that a
 * look-up reads one cache line. The edges of one state are a list; each names the token of the one
 * added before it. All O(1); memory 32 to 64 bytes an edge, doubled when the table is half full.
 */
final class EdgeTable {
  /** The end of a state's list. */
  static final int NO_EDGE = -1;
  private static final int MIN_CAPACITY = 32;
  private static final int STRIDE = 4;
  private static final int STATE = 0;
  private static final int TOKEN = 1;
  private static final int TARGET = 2;
  private static final int NEXT = 3;

  /** A place is free when it has no target. */
  private int[] table = {};
  private int capacity;
  private int numEdges;

  /** Memory held, in bytes. */
  long memorySize() {
    return (long) Integer.BYTES * table.length;
  }

  /** Most bytes that so many edges can come to take. */
  static long maxMemorySize(long numEdges) {
    long maxCapacity = SuffixAutomaton.powerOfTwo(Math.max(MIN_CAPACITY, 2 * numEdges));
    return Integer.BYTES * STRIDE * maxCapacity;
  }

  /** Drops all edges, in O(places). */
  void clear() {
    numEdges = 0;
    Arrays.fill(table, 0);
  }

  /**
   * Adds a child that the state does not have.
   *
   * @param next token of the edge of this state that was added last, or {@link #NO_EDGE}
   */
  void add(int state, int token, int target, int next) {
    if (2 * numEdges == capacity) {
      grow();
    }
    write(state, token, target, next);
    numEdges++;
  }

  private void write(int state, int token, int target, int next) {
    int place = place(state, token);
    table[place + STATE] = state;
    table[place + TOKEN] = token;
    table[place + TARGET] = target;
    table[place + NEXT] = next;
  }

  /** The child, or 0; of a state that has edges. */
  int target(int state, int token) {
    return table[place(state, token) + TARGET];
  }

  /** Puts another state in the place of a child that is there. */
  void replace(int state, int token, int target) {
    table[place(state, token) + TARGET] = target;
  }

  /** The token of the edge that was added before this one, or {@link #NO_EDGE}. */
  int next(int state, int token) {
    return table[place(state, token) + NEXT];
  }

  /** Where the edge is, or the free place for it. */
  private int place(int state, int token) {
    int mixed = (state * 0x9E3779B1 + token) * 0x85EBCA6B;
    int place = (mixed ^ (mixed >>> 15)) & (capacity - 1);
    while (table[STRIDE * place + TARGET] != 0 && !isAt(STRIDE * place, state, token)) {
      place = (place + 1) & (capacity - 1);
    }
    return STRIDE * place;
  }

  private boolean isAt(int base, int state, int token) {
    return table[base + STATE] == state && table[base + TOKEN] == token;
  }

  private void grow() {
    int[] old = table;
    capacity = Math.max(MIN_CAPACITY, 2 * capacity);
    table = new int[STRIDE * capacity];
    for (int base = 0; base < old.length; base += STRIDE) {
      if (old[base + TARGET] != 0) {
        write(old[base + STATE], old[base + TOKEN], old[base + TARGET], old[base + NEXT]);
      }
    }
  }
}
