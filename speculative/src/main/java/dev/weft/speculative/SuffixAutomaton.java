package dev.weft.speculative;

import java.util.Arrays;

/**
 * Which tokens followed each string of a text, and how often: the smallest automaton of its
 * substrings (A. Blumer et al., The Smallest Automaton Recognizing the Subwords of a Text,
 * Theoretical Computer Science, 1985), extended token by token, with counts. It says the same as a
 * suffix tree with a count in each node, but takes a token in constant amortised time, because
 * strings that always end at the same places are one state.
 *
 * <pre>
 * text a b c a b d    the strings (a b) and (b) always end together: one state of length 2,
 *                     counted twice, with the children d and c; its link goes to the root
 * </pre>
 *
 * <p>A state's link is the state of its longest suffix that occurs elsewhere too; so the links
 * from the end of the text visit all its suffixes, longest first. A new token adds 1 to the counts
 * of the states of the new suffixes, and to the counts that the states of the old suffixes keep of
 * their children; both chains are walked side by side, a step for each state: few in language, at
 * most {@code maxDepth} in a text that repeats itself. Counts hold for strings up to that depth.
 *
 * <p>A state is one cache line: length, link, count, and the {@value #WIDTH} most frequent children
 * with token, state and count, of equal ones the one seen last first. Further ones are in an
 * {@link EdgeTable}. There are at most two states and three edges a token: 64 to 256 bytes, in
 * language some 100; nothing is allocated but to grow.
 */
final class SuffixAutomaton {
  /** Children that a state knows in the order of their counts. */
  static final int WIDTH = 4;
  static final int ROOT = 0;
  /** No child; the root is nobody's. */
  static final int NONE = 0;
  /** The match of no token. */
  static final long NO_MATCH = 0;
  private static final int NO_LINK = -1;
  private static final int STRIDE = 16;
  private static final int LENGTH = 0;
  private static final int LINK = 1;
  private static final int COUNT = 2;
  /** The token of the edge added last, when not all children are in the state. */
  private static final int EDGES = 3;
  private static final int TOKENS = 4;
  private static final int CHILDREN = TOKENS + WIDTH;
  private static final int COUNTS = CHILDREN + WIDTH;

  private final int maxDepth;
  private final int maxMatchLength;
  private final EdgeTable edges = new EdgeTable();
  private int[] states = new int[STRIDE];
  private int numStates;
  /** The state of the text so far. */
  private int last;
  /** The state of its longest suffix of {@link #maxDepth} or fewer tokens. */
  private int end;
  private int endLength;

  /**
   * The automaton of no text.
   *
   * @param maxDepth       longest string whose count is asked for
   * @param maxMatchLength longest match, below {@code maxDepth}
   */
  SuffixAutomaton(int maxDepth, int maxMatchLength) {
    this.maxDepth = maxDepth;
    this.maxMatchLength = maxMatchLength;
    clear();
  }

  /** Forgets all texts. */
  void clear() {
    edges.clear();
    numStates = 0;
    int root = newState(0);
    states[root + LINK] = NO_LINK;
    begin();
  }

  /** The tokens appended from now on are another text: they do not follow those before. */
  void begin() {
    last = ROOT;
    end = ROOT;
    endLength = 0;
  }

  /** Memory held, in bytes. */
  long memorySize() {
    return (long) Integer.BYTES * states.length + edges.memorySize();
  }

  /** Most bytes that texts of so many tokens can come to take. */
  static long maxMemorySize(int numTokens) {
    return (long) Integer.BYTES * STRIDE * powerOfTwo(2L * numTokens + 1)
        + EdgeTable.maxMemorySize(3L * numTokens);
  }

  /** The least power of two that is not less. */
  static long powerOfTwo(long atLeast) {
    return Long.highestOneBit(2 * atLeast - 1);
  }

  // ---- reading

  int length(int state) {
    return states[state * STRIDE + LENGTH];
  }

  /** The state of the longest suffix that also occurs elsewhere; not for the root. */
  int link(int state) {
    return states[state * STRIDE + LINK];
  }

  /** How often the strings of the state occur. */
  int count(int state) {
    return states[state * STRIDE + COUNT];
  }

  /** The child of that rank, 0 being the most frequent one, to {@code WIDTH - 1}, or NONE. */
  int rankedChild(int state, int rank) {
    return states[state * STRIDE + CHILDREN + rank];
  }

  /** The token that leads to {@link #rankedChild}. */
  int rankedToken(int state, int rank) {
    return states[state * STRIDE + TOKENS + rank];
  }

  /** How often the token of that rank followed. */
  int rankedCount(int state, int rank) {
    return states[state * STRIDE + COUNTS + rank];
  }

  /** The longest match of the end of the text with the text. */
  long endMatch() {
    int length = Math.min(endLength, maxMatchLength);
    return match(shorten(end, length), length);
  }

  /** The state that a match ended at, to be brought up to date by {@link #state(long)}. */
  private static long match(int state, int length) {
    return ((long) state << Integer.SIZE) | length;
  }

  /** Tokens of a match. */
  static int matchLength(long match) {
    return (int) match;
  }

  /** The state of a match, also when texts were appended since. */
  int state(long match) {
    return shorten((int) (match >>> Integer.SIZE), matchLength(match));
  }

  /**
   * The longest match of a text with one token more, knowing that of the text without.
   *
   * @return not more than 1 longer, nor longer than {@code maxMatchLength}
   */
  long extend(long match, int token) {
    int state = state(match);
    int length = matchLength(match);
    int child = child(state, token);
    while (child == NONE && state != ROOT) {
      state = link(state);
      length = length(state);
      child = child(state, token);
    }
    if (child == NONE) {
      return NO_MATCH;
    }
    int newLength = Math.min(length + 1, maxMatchLength);
    return match(shorten(child, newLength), newLength);
  }

  /** The state of a suffix, so long, of the strings of a state. */
  private int shorten(int state, int length) {
    int shorter = state;
    while (shorter != ROOT && length(link(shorter)) >= length) {
      shorter = link(shorter);
    }
    return shorter;
  }

  private int child(int state, int token) {
    int base = state * STRIDE;
    for (int i = base + TOKENS; i < base + TOKENS + WIDTH; i++) {
      if (states[i] == token && states[i + WIDTH] != NONE) {
        return states[i + WIDTH];
      }
    }
    return states[base + EDGES] == EdgeTable.NO_EDGE ? NONE : edges.target(state, token);
  }

  // ---- appending

  /** Appends a token to the text. */
  void append(int token) {
    int oldEnd = end;
    endLength = Math.min(endLength, maxDepth - 1);
    last = child(last, token) == NONE ? appendNew(token) : appendKnown(token);
    oldEnd = shorten(oldEnd, endLength);
    end = child(oldEnd, token);
    endLength++;
    count(oldEnd, token);
  }

  private int appendNew(int token) {
    int state = newState(length(last) + 1) / STRIDE;
    int suffix = last;
    int child = NONE;
    while (suffix != NO_LINK && child == NONE) {
      addChild(suffix, token, state);
      suffix = link(suffix);
      child = suffix == NO_LINK ? NONE : child(suffix, token);
    }
    int target = suffix == NO_LINK ? ROOT : ofLength(length(suffix) + 1, suffix, token, child);
    states[state * STRIDE + LINK] = target;
    return state;
  }

  /** When texts before this one began alike. */
  private int appendKnown(int token) {
    return ofLength(length(last) + 1, last, token, child(last, token));
  }

  /** The child whose longest string has that length; splits the child when it has a longer one. */
  private int ofLength(int length, int parent, int token, int child) {
    if (length(child) == length) {
      return child;
    }
    int base = newState(length);
    int split = base / STRIDE;
    System.arraycopy(states, child * STRIDE + LINK, states, base + LINK, STRIDE - LINK);
    states[base + EDGES] = EdgeTable.NO_EDGE;
    int edge = states[child * STRIDE + EDGES];
    while (edge != EdgeTable.NO_EDGE) {
      addEdge(base, edge, edges.target(child, edge));
      edge = edges.next(child, edge);
    }
    for (int p = parent; p != NO_LINK && child(p, token) == child; p = link(p)) {
      replaceChild(p, token, split);
    }
    states[child * STRIDE + LINK] = split;
    return split;
  }

  /** Where the new state begins in the array. */
  private int newState(int length) {
    int base = numStates++ * STRIDE;
    if (base == states.length) {
      states = Arrays.copyOf(states, 2 * base);
    }
    Arrays.fill(states, base, base + STRIDE, 0);
    states[base + LENGTH] = length;
    states[base + EDGES] = EdgeTable.NO_EDGE;
    return base;
  }

  /** Appends a child, which is not counted yet. */
  private void addChild(int state, int token, int child) {
    int base = state * STRIDE;
    for (int i = base; i < base + WIDTH; i++) {
      if (states[i + CHILDREN] == NONE) {
        states[i + TOKENS] = token;
        states[i + CHILDREN] = child;
        return;
      }
    }
    if (states[base + EDGES] == EdgeTable.NO_EDGE) {
      for (int i = base; i < base + WIDTH; i++) {
        addEdge(base, states[i + TOKENS], states[i + CHILDREN]);
      }
    }
    addEdge(base, token, child);
  }

  private void addEdge(int base, int token, int child) {
    edges.add(base / STRIDE, token, child, states[base + EDGES]);
    states[base + EDGES] = token;
  }

  private void replaceChild(int state, int token, int child) {
    int base = state * STRIDE;
    for (int i = base; i < base + WIDTH; i++) {
      if (states[i + TOKENS] == token && states[i + CHILDREN] != NONE) {
        states[i + CHILDREN] = child;
      }
    }
    if (states[base + EDGES] != EdgeTable.NO_EDGE) {
      edges.replace(state, token, child);
    }
  }

  /** Counts all suffixes of the text, each beside the suffix without the last token. */
  private void count(int oldEnd, int token) {
    int parent = oldEnd;
    for (int state = end; state != ROOT; state = link(state)) {
      int numSeen = ++states[state * STRIDE + COUNT];
      int linkLength = length(link(state));
      while (parent != NO_LINK && length(parent) >= linkLength) {
        countChild(parent, token, state, numSeen);
        parent = link(parent);
      }
    }
  }

  /** Moves the child before those that were not seen more often. */
  private void countChild(int state, int token, int child, int numSeen) {
    int first = state * STRIDE + CHILDREN;
    int i = first;
    while (i < first + WIDTH && states[i] != child) {
      i++;
    }
    if (i == first + WIDTH) {
      i--;
      if (states[i + WIDTH] > numSeen) {
        return;
      }
    }
    for (; i > first && states[i - 1 + WIDTH] <= numSeen; i--) {
      states[i] = states[i - 1];
      states[i - WIDTH] = states[i - 1 - WIDTH];
      states[i + WIDTH] = states[i - 1 + WIDTH];
    }
    states[i] = child;
    states[i - WIDTH] = token;
    states[i + WIDTH] = numSeen;
  }
}
