package dev.weft.benchmarks;

/**
 * A loop that takes as long as a step and touches no memory. What it shows of outliers is that of
 * the machine: interrupts, and whoever else runs there.
 */
final class EmptyLoop {
  private static final int FIRST_NUM_ROUNDS = 1 << 14;

  private long state = 88_172_645_463_325_252L;
  private int numRounds = FIRST_NUM_ROUNDS;

  /** Makes {@link #run}, which took {@code nanos}, take about {@code wantedNanos}. */
  void adjust(long nanos, long wantedNanos) {
    numRounds = (int) Math.max(1, Math.round((double) numRounds * wantedNanos / nanos));
  }

  /** Each number follows from the one before, so that nothing can be left out. */
  void run() {
    long x = state;
    for (int i = 0; i < numRounds; i++) {
      x ^= x << 13;
      x ^= x >>> 7;
      x ^= x << 17;
    }
    state = x;
  }

  int numRounds() {
    return numRounds;
  }
}
