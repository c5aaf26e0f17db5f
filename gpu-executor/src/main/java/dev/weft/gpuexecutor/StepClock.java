package dev.weft.gpuexecutor;

/**
 * When the steps in flight were submitted, so that one that never comes back is noticed. Used by
 * the thread that submits and polls.
 */
final class StepClock {
  private final long limitNanos;
  private final long[] submittedNanos;
  private long numSubmitted;
  private long numTaken;

  /**
   * @param maxInFlight steps submitted and not taken
   * @param limitNanos how long a step may take
   */
  StepClock(int maxInFlight, long limitNanos) {
    this.limitNanos = limitNanos;
    submittedNanos = new long[maxInFlight];
  }

  void submitted(long nowNanos) {
    submittedNanos[(int) (numSubmitted++ % submittedNanos.length)] = nowNanos;
  }

  /** The oldest step has come back. */
  void taken() {
    numTaken++;
  }

  /** How long the oldest step may still take, 0 or more; for ever when there is none. */
  long nanosLeft(long nowNanos) {
    if (numSubmitted == numTaken) {
      return Long.MAX_VALUE;
    }
    long age = nowNanos - submittedNanos[(int) (numTaken % submittedNanos.length)];
    return Math.max(0, limitNanos - age);
  }

  long limitNanos() {
    return limitNanos;
  }
}
