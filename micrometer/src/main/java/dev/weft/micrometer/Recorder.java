package dev.weft.micrometer;

import dev.weft.schedulerapi.FinishReason;

/**
 * Takes single observations, for the histograms of one naming in one registry. Called on the
 * scheduler thread.
 */
interface Recorder {
  /** The first token of a sample. */
  default void onFirstToken(LiveRequest request, long nowNanos) {}

  /** Further tokens of a sample, so long after the ones before. */
  default void onLaterToken(long intervalNanos) {}

  /** A step with rows was computed. */
  default void onStep(int numTokens, long stepNanos, long deviceNanos) {}

  /** A sample ended; the request knows of it already. */
  default void onSampleEnd(LiveRequest request, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {}

  /** The last sample of a request ended. */
  default void onRequestEnd(LiveRequest request, long nowNanos) {}
}
