package dev.weft.pagedkv;

import java.util.Arrays;

/**
 * Which positions each sequence may write as they are: their blocks are held by it alone and cannot
 * be found. Most rows are decodes into a block that the sequence was given steps ago; with the
 * range here, nothing has to be looked up in the pool for them. A range may be smaller than the
 * truth, never larger.
 */
final class WritableRanges {
  private static final int NOWHERE = Integer.MAX_VALUE;
  // By sequence.
  private final int[] start;
  private final int[] end;

  WritableRanges(int maxNumSequences) {
    start = new int[maxNumSequences];
    Arrays.fill(start, NOWHERE);
    end = new int[maxNumSequences];
  }

  /** True when all positions from {@code from} to {@code to} are in the range. */
  boolean contains(int sequence, int from, int to) {
    return from >= start[sequence] && to <= end[sequence];
  }

  /** First position; behind every end when there is no range. */
  int start(int sequence) {
    return start[sequence];
  }

  /** Position behind the last one. */
  int end(int sequence) {
    return end[sequence];
  }

  void set(int sequence, int from, int to) {
    start[sequence] = from;
    end[sequence] = to;
  }

  /** Positions before this one can be found from now on. */
  void beginAt(int sequence, int position) {
    start[sequence] = Math.max(start[sequence], position);
  }

  /** Blocks were given back or shared. */
  void forget(int sequence) {
    set(sequence, NOWHERE, 0);
  }
}
