package dev.weft.engine;

/** When things happened to a request, on the engine's clock; written by the loop. */
final class GenerationTimes {
  static final long NEVER = Long.MIN_VALUE;
  final long submittedNanos;
  long admittedNanos = NEVER;
  long firstTokenNanos = NEVER;
  long endNanos = NEVER;

  GenerationTimes(long submittedNanos) {
    this.submittedNanos = submittedNanos;
  }
}
