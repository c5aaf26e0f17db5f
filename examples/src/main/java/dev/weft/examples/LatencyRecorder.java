package dev.weft.examples;

import java.util.Arrays;

/** Durations in nanoseconds and their exact quantiles. */
final class LatencyRecorder {
  private long[] nanos = new long[1024];
  private int count;

  void add(long durationNanos) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = durationNanos;
  }

  int count() {
    return count;
  }

  /**
   * The smallest duration that at least this share of all does not exceed; 0 when there is none.
   *
   * @param share above 0, at most 1
   */
  long quantile(double share) {
    if (count == 0) {
      return 0;
    }
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(share * count) - 1)];
  }
}
