package dev.weft.gpuexecutor;

import java.util.function.LongSupplier;

/**
 * When the steps in flight were submitted, so that one that never comes back is noticed. Used by
 * the thread that submits and polls.
 */
final class StepClock {
  private final LongSupplier nanoTime;
  private final long limitNanos;
  private final long[] submittedNanos;
  private long numSubmitted;
  private long numTaken;

  /**
   * @param nanoTime the time, by any origin
   * @param maxInFlight steps submitted and not taken
   * @param limitNanos how long a step may take
   */
  StepClock(LongSupplier nanoTime, int maxInFlight, long limitNanos) {
    this.nanoTime = nanoTime;
    this.limitNanos = limitNanos;
    submittedNanos = new long[maxInFlight];
  }

  void submitted() {
    submittedNanos[(int) (numSubmitted++ % submittedNanos.length)] = nanoTime.getAsLong();
  }

  /** The oldest step has come back. */
  void taken() {
    numTaken++;
  }

  /** How long the oldest step may still take, 0 or more; for ever when there is none. */
  long nanosLeft() {
    if (numSubmitted == numTaken) {
      return Long.MAX_VALUE;
    }
    long age = nanoTime.getAsLong() - submittedNanos[(int) (numTaken % submittedNanos.length)];
    return Math.max(0, limitNanos - age);
  }

  long limitNanos() {
    return limitNanos;
  }
}
