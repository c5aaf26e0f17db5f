package dev.weft.speculative;

import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;

/**
 * Where each n-gram of one sequence occurred last: a hash table with linear probing, from the hash
 * of an n-gram to the position behind it. The tokens at that position say whether it is the n-gram
 * or another of equal hash, so collisions cost time alone.
 *
 * <pre>
 * position    0 1 2 3 4 5 6        the 2-gram (b c) is entered at 3 and, once token 6 is
 * token       a b c d a b c        known, at 7: never at the end, where nothing follows it,
 * </pre>
 *
 * <p>so that the last tokens, when they are looked up, do not find themselves. An entry holds 32
 * bits of hash, three of which are the n-gram's size, and the position. Cost of a token: a probe
 * for each size. When the table is half full it is made twice as large and the tokens are entered
 * again, as they are when the window is exceeded; both amortised. A hostile prompt cannot make a
 * probe long: an n-gram that finds no place within {@link #MAX_NUM_PROBES} is not entered.
 *
 * <p>Memory: 8 bytes an entry, at most 2 x 8 x number of sizes for each token of the window,
 * rounded up to a power of two.
 */
final class NgramIndex {
  static final int NONE = -1;
  private static final int MAX_NUM_PROBES = 128;
  private static final int MIN_CAPACITY = 64;
  private static final int CHUNK_SIZE = 256;
  private static final int SIZE_MASK = 7;
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
  private static final int SPREAD = 0x85EBCA6B;

  private final int minSize;
  private final int maxSize;
  private final int windowSize;
  private final int checkMask;
  private final int maxCapacity;
  private final int[] buffer;

  /** Check in the upper half, position in the lower; 0 is free. May be longer than capacity. */
  private long[] table = {};
  private int capacity;
  private int shift;
  private int numEntries;
  /** First token that n-grams may begin with. */
  private int base;
  /** Where the n-grams that are not entered yet end. */
  private int nextPosition;

  /**
   * An index without a sequence.
   *
   * @param checkMask bits of the hash that count; all but in tests of collisions
   * @param buffer    of {@link #bufferLength}; others may use it between calls
   */
  NgramIndex(int minSize, int maxSize, int windowSize, int checkMask, int[] buffer) {
    this.minSize = minSize;
    this.maxSize = maxSize;
    this.windowSize = windowSize;
    this.checkMask = checkMask & ~SIZE_MASK;
    maxCapacity = maxCapacity(maxSize - minSize + 1, windowSize);
    this.buffer = buffer;
  }

  static int bufferLength(int maxSize) {
    return maxSize + CHUNK_SIZE;
  }

  /** Most entries of the table, for a window. */
  static int maxCapacity(int numSizes, int windowSize) {
    return powerOfTwo(2L * numSizes * windowSize);
  }

  private static int powerOfTwo(long atLeast) {
    return (int) Math.max(MIN_CAPACITY, Long.highestOneBit(Math.max(1, 2 * atLeast - 1)));
  }

  /** Memory held, in bytes. */
  long memorySize() {
    return (long) Long.BYTES * table.length;
  }

  /** Forgets its sequence; the next look-up is that of another one. */
  void clear() {
    capacity = 0;
  }

  /**
   * Enters the tokens that are new and looks the last ones up.
   *
   * @return position behind the last earlier occurrence of the longest n-gram that the sequence
   *     ends with, less than the number of tokens; or {@link #NONE}
   */
  int find(TokenSequence tokens) {
    int numTokens = tokens.numTokens();
    if (capacity == 0 || numTokens < nextPosition) {
      begin(tokens, 0);
    }
    if (numTokens - base > windowSize) {
      begin(tokens, numTokens - windowSize / 2);
    }
    enterUpTo(tokens, numTokens);
    int first = Math.max(base, numTokens - maxSize);
    int size = numTokens - first;
    tokens.copyTokens(first, buffer, 0, size);
    int found = NONE;
    long hash = 0;
    for (int n = 1; n <= size; n++) {
      hash = mix(hash, buffer[size - n]);
      if (n >= minSize) {
        int entry = probe(tokens, check(hash, n), size, n);
        if (entry < 0 || table[entry] == 0) {
          break; // What did not occur, does not occur with one more token before it.
        }
        found = (int) table[entry];
      }
    }
    return found;
  }

  /** Empties the index; the tokens from {@code firstToken} on will be entered. */
  private void begin(TokenSequence tokens, int firstToken) {
    base = firstToken;
    nextPosition = firstToken;
    long numEntriesExpected = (long) (maxSize - minSize + 1) * (tokens.numTokens() - firstToken);
    setCapacity(Math.min(powerOfTwo(2 * numEntriesExpected), maxCapacity));
  }

  private void setCapacity(int value) {
    capacity = value;
    shift = Integer.SIZE - Integer.numberOfTrailingZeros(value);
    numEntries = 0;
    if (table.length < value) {
      table = new long[value];
    } else {
      Arrays.fill(table, 0, value, 0);
    }
  }

  /** Enters all n-grams that end before {@code end}. */
  private void enterUpTo(TokenSequence tokens, int end) {
    int position = nextPosition;
    while (position < end) {
      int first = Math.max(base, position - maxSize);
      int chunkEnd = Math.min(end, position + CHUNK_SIZE);
      tokens.copyTokens(first, buffer, 0, chunkEnd - first);
      while (position < chunkEnd && enter(tokens, position, position - first)) {
        position++;
      }
      if (position < chunkEnd) { // The table is half full.
        setCapacity(2 * capacity);
        position = base;
      }
    }
    nextPosition = end;
  }

  /**
   * Enters the n-grams that end before a position.
   *
   * @param end where that position is in the buffer; tokens before the base are not
   * @return false when there was no room; they may be entered again
   */
  private boolean enter(TokenSequence tokens, int position, int end) {
    if (numEntries + maxSize > capacity / 2 && capacity < maxCapacity) {
      return false;
    }
    int size = Math.min(maxSize, end);
    long hash = 0;
    for (int n = 1; n <= size; n++) {
      hash = mix(hash, buffer[end - n]);
      if (n >= minSize) {
        int check = check(hash, n);
        int entry = probe(tokens, check, end, n);
        if (entry >= 0) {
          numEntries += table[entry] == 0 ? 1 : 0;
          table[entry] = ((long) check << Integer.SIZE) | position;
        }
      }
    }
    return true;
  }

  /** The entry of the n-gram that ends before {@code end} in the buffer, or the free one for it. */
  private int probe(TokenSequence tokens, int check, int end, int n) {
    int entry = (check * SPREAD) >>> shift;
    for (int i = 0; i < MAX_NUM_PROBES; i++) {
      long value = table[entry];
      boolean isCandidate = (int) (value >>> Integer.SIZE) == check;
      if (value == 0 || (isCandidate && isEqual(tokens, (int) value, end, n))) {
        return entry;
      }
      entry = (entry + 1) & (capacity - 1);
    }
    return NONE;
  }

  private boolean isEqual(TokenSequence tokens, int position, int end, int n) {
    for (int i = 1; i <= n; i++) {
      if (tokens.token(position - i) != buffer[end - i]) {
        return false;
      }
    }
    return true;
  }

  private static long mix(long hash, int token) {
    long mixed = (hash + token + 1) * MULTIPLIER;
    return mixed ^ (mixed >>> Integer.SIZE);
  }

  private int check(long hash, int n) {
    return ((int) (hash >>> 16) & checkMask) | (n - 1);
  }
}
