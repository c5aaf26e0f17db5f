package dev.weft.speculative;

import java.util.Arrays;

/**
 * The children of the states of a {@link SuffixAutomaton} that have more than fit into them, by
 * state and token: a hash table with linear probing over edges that lie one behind the other. Those
 * of one state are a list. All O(1); memory 16 bytes an edge and 8 to 16 for its places in the
 * table, both doubled when they are full.
 */
final class EdgeTable {
  private static final int MIN_CAPACITY = 32;
  private static final int STRIDE = 4;
  private static final int STATE = 0;
  private static final int TOKEN = 1;
  private static final int TARGET = 2;
  private static final int NEXT = 3;

  private int[] edges = {};
  /** Number of the edge, from 1 on, or 0. May be longer than {@link #capacity}. */
  private int[] table = {};
  private int capacity;
  private int numEdges;

  /** Memory held, in bytes. */
  long memorySize() {
    return (long) Integer.BYTES * (edges.length + table.length);
  }

  /** Most bytes that so many edges can come to take. */
  static long maxMemorySize(long numEdges) {
    long maxCapacity = SuffixAutomaton.powerOfTwo(Math.max(MIN_CAPACITY, 2 * numEdges));
    return Integer.BYTES * (STRIDE * maxCapacity / 2 + maxCapacity);
  }

  /** Drops all edges. */
  void clear() {
    numEdges = 0;
    capacity = 0;
  }

  /**
   * Adds a child that the state does not have.
   *
   * @param next number of the edge of this state that was added last, 0 for none
   * @return the edge's number, 1 or more
   */
  int add(int state, int token, int target, int next) {
    if (2 * numEdges == capacity) {
      setCapacity(Math.max(MIN_CAPACITY, 2 * capacity));
    }
    int base = STRIDE * numEdges++;
    if (base == edges.length) {
      edges = Arrays.copyOf(edges, Math.max(STRIDE * MIN_CAPACITY / 2, 2 * base));
    }
    edges[base + STATE] = state;
    edges[base + TOKEN] = token;
    edges[base + TARGET] = target;
    edges[base + NEXT] = next;
    table[place(state, token)] = numEdges;
    return numEdges;
  }

  /** The child, or 0; of a state that has an edge. */
  int target(int state, int token) {
    int edge = table[place(state, token)];
    return edge == 0 ? 0 : target(edge);
  }

  /** Puts another state in the place of a child that is there. */
  void replace(int state, int token, int target) {
    edges[base(table[place(state, token)]) + TARGET] = target;
  }

  int token(int edge) {
    return edges[base(edge) + TOKEN];
  }

  int target(int edge) {
    return edges[base(edge) + TARGET];
  }

  /** The edge of the same state that was added before this one, or 0. */
  int next(int edge) {
    return edges[base(edge) + NEXT];
  }

  private static int base(int edge) {
    return STRIDE * (edge - 1);
  }

  /** Where the edge is, or the free place for it. */
  private int place(int state, int token) {
    int mixed = (state * 0x9E3779B1 + token) * 0x85EBCA6B;
    int place = (mixed ^ (mixed >>> 15)) & (capacity - 1);
    while (table[place] != 0 && !isAt(base(table[place]), state, token)) {
      place = (place + 1) & (capacity - 1);
    }
    return place;
  }

  private boolean isAt(int base, int state, int token) {
    return edges[base + STATE] == state && edges[base + TOKEN] == token;
  }

  private void setCapacity(int value) {
    capacity = value;
    if (table.length < value) {
      table = new int[value];
    } else {
      Arrays.fill(table, 0, value, 0);
    }
    for (int edge = 1; edge <= numEdges; edge++) {
      int base = base(edge);
      table[place(edges[base + STATE], edges[base + TOKEN])] = edge;
    }
  }
}
