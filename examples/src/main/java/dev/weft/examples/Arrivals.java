package dev.weft.examples;

import java.util.SplittableRandom;

/**
 * The times at which requests of independent users arrive: a Poisson process, equal in every run.
 */
final class Arrivals {
  private final SplittableRandom random;
  private final double meanGapNanos;
  private long offsetNanos;

  Arrivals(long seed, long meanGapNanos) {
    random = new SplittableRandom(seed);
    this.meanGapNanos = meanGapNanos;
  }

  /** When the next request arrives, in nanoseconds after the start; ascending. */
  long nextOffsetNanos() {
    offsetNanos += (long) (-Math.log1p(-random.nextDouble()) * meanGapNanos);
    return offsetNanos;
  }
}
