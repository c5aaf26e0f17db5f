package dev.weft.simulator;

import dev.weft.testkit.SplitMix;

/** The times at which requests arrive, drawn from a seed. */
final class Arrivals {
  /** How arrivals follow each other. */
  enum Kind {
    /** Gaps are exponential: nobody knows of the others. */
    POISSON,
    /** Several at one time, then a long gap. */
    BURSTS,
    /** Everybody at time 0. */
    AT_ONCE
  }

  private static final int MAX_BURST = 12;
  private final Kind kind;
  private final double meanGapNanos;
  private final SplitMix random;
  private int numLeftInBurst;
  private long lastNanos;

  Arrivals(Kind kind, double meanGapNanos, SplitMix random) {
    this.kind = kind;
    this.meanGapNanos = meanGapNanos;
    this.random = random;
  }

  /** Time of the next arrival, not before the one asked for last. */
  long nextNanos() {
    lastNanos += switch (kind) {
      case POISSON -> exponential(meanGapNanos);
      case BURSTS -> burstGap();
      case AT_ONCE -> 0;
    };
    return lastNanos;
  }

  private long burstGap() {
    if (numLeftInBurst > 0) {
      numLeftInBurst--;
      return 0;
    }
    numLeftInBurst = random.below(MAX_BURST);
    return exponential(meanGapNanos * (numLeftInBurst + 1));
  }

  /** The logarithm is the strict one, so that every machine draws the same times. */
  private long exponential(double mean) {
    double uniform = ((random.nextLong() >>> 11) + 1) * 0x1p-53;
    return Math.round(-mean * StrictMath.log(uniform));
  }
}
