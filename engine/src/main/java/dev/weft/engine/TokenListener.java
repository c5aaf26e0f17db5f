package dev.weft.engine;

/**
 * Hears the output of one request, on the callback executor, one call at a time. However slow it
 * is, the engine goes on; with the default executor it holds up no other listener either.
 */
@FunctionalInterface
public interface TokenListener {
  /** A token; those of one sample come in order. */
  void onToken(int sampleIndex, int outputIndex, int token);

  /** All samples have ended, after their last token; exactly once. */
  default void onEnd(GenerationResult result) {}
}
