package dev.weft.engine;

import java.time.Duration;

/** Durations as numbers. */
final class Nanos {
  /** So long that a time may be added to it. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

  private Nanos() {}

  /** Nanoseconds; 146 years for whatever is longer. */
  static long of(Duration duration) {
    return (duration.compareTo(LONGEST) < 0 ? duration : LONGEST).toNanos();
  }
}
