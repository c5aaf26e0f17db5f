package dev.weft.speculative;

import java.util.Arrays;

/**
 * The drafts that could be wanted in a step, in order of worth: {@value #NUM_LEVELS} levels of
 * equal width over the probability that a draft is accepted, if the drafter comes up with it.
 * Drafts of one sequence never rise, so all drafts from a level upwards are a prefix for each
 * sequence, and so are those of them above a depth. Filling it is O(drafts), and every sum over a
 * level upwards needs no sort.
 */
final class DraftRanking {
  /** Levels are 0 to this, exclusive; this one is above all drafts. */
  static final int NUM_LEVELS = 64;

  private final int maxDepth;
  /** By depth and level. */
  private final double[] accepted;
  private final double[] proposed;
  private final int[] wanted;
  /** By level: sums over the depths that are included. */
  private final double[] numAccepted = new double[NUM_LEVELS];
  private final double[] numProposed = new double[NUM_LEVELS];
  private final int[] numWanted = new int[NUM_LEVELS];
  /** By index of the sequence and depth. */
  private byte[] levels = {};
  /** By index of the sequence: drafts of it that are ranked, and the depth of the first one. */
  private int[] ends = {};
  private int[] starts = {};

  DraftRanking(int maxDepth) {
    this.maxDepth = maxDepth;
    accepted = new double[maxDepth * NUM_LEVELS];
    proposed = new double[maxDepth * NUM_LEVELS];
    wanted = new int[maxDepth * NUM_LEVELS];
  }

  /** Forgets all drafts. */
  void clear(int numSequences) {
    if (ends.length < numSequences) {
      ends = new int[numSequences];
      starts = new int[numSequences];
      levels = new byte[numSequences * maxDepth];
    }
    Arrays.fill(accepted, 0);
    Arrays.fill(proposed, 0);
    Arrays.fill(wanted, 0);
    Arrays.fill(numAccepted, 0);
    Arrays.fill(numProposed, 0);
    Arrays.fill(numWanted, 0);
  }

  /**
   * Ranks the drafts of one sequence.
   *
   * @param start first depth that is ranked; those before it are wanted in any case
   * @param end   behind the last depth that could be wanted
   */
  void add(int index, AcceptanceRates rates, int handle, int start, int end) {
    double isAccepted = 1;
    int level = NUM_LEVELS - 1;
    starts[index] = start;
    ends[index] = end;
    for (int depth = 0; depth < end; depth++) {
      isAccepted *= rates.rate(handle, depth);
      double isProposed = rates.numProposed(depth);
      level = Math.min(level, (int) (NUM_LEVELS * isAccepted / isProposed));
      if (depth >= start) {
        levels[index * maxDepth + depth] = (byte) level;
        accepted[depth * NUM_LEVELS + level] += isAccepted;
        proposed[depth * NUM_LEVELS + level] += isProposed;
        wanted[depth * NUM_LEVELS + level]++;
      }
    }
  }

  /** From now on the drafts of this depth are among the sums. */
  void include(int depth) {
    for (int level = 0; level < NUM_LEVELS; level++) {
      numAccepted[level] += accepted[depth * NUM_LEVELS + level];
      numProposed[level] += proposed[depth * NUM_LEVELS + level];
      numWanted[level] += wanted[depth * NUM_LEVELS + level];
    }
  }

  /** Included drafts of a level that are expected to be accepted. */
  double numAccepted(int level) {
    return numAccepted[level];
  }

  /** Included drafts of a level that the drafter is expected to come up with. */
  double numProposed(int level) {
    return numProposed[level];
  }

  /** Included drafts of a level. */
  int numWanted(int level) {
    return numWanted[level];
  }

  /** Length of a sequence that gets all its drafts of this level and above, above a depth. */
  int length(int index, int level, int numDepths) {
    int length = starts[index];
    int end = Math.min(ends[index], numDepths);
    while (length < end && isOfLevel(index, length, level)) {
      length++;
    }
    return length;
  }

  /** The same, but a draft that the sequence has now stays down to seven eighths of the level. */
  int length(int index, int level, int numDepths, int lengthNow) {
    int length = length(index, level, numDepths);
    if (level == NUM_LEVELS) {
      return length;
    }
    return Math.max(length, Math.min(lengthNow, length(index, level - level / 8, numDepths)));
  }

  /** True when the draft at this depth of a sequence is ranked, at this level or above. */
  boolean isOfLevel(int index, int depth, int level) {
    return depth >= starts[index] && depth < ends[index]
        && levels[index * maxDepth + depth] >= level;
  }
}
