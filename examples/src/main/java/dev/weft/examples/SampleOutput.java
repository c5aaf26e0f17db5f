package dev.weft.examples;

import dev.weft.schedulerapi.FinishReason;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The output of one sample as it grows. */
final class SampleOutput {
  private int[] tokens = new int[64];
  private int numTokens;
  private long lastTokenNanos;
  private @Nullable FinishReason finishReason;

  void addToken(int token, long nowNanos) {
    if (numTokens == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * numTokens);
    }
    tokens[numTokens++] = token;
    lastTokenNanos = nowNanos;
  }

  void finish(FinishReason reason) {
    finishReason = reason;
  }

  int numTokens() {
    return numTokens;
  }

  /** A copy of the tokens so far. */
  int[] tokens() {
    return Arrays.copyOf(tokens, numTokens);
  }

  /** When the last token came; only when there is one. */
  long lastTokenNanos() {
    return lastTokenNanos;
  }

  boolean isFinished() {
    return finishReason != null;
  }

  /** Why it ended; null before. */
  @Nullable FinishReason finishReason() {
    return finishReason;
  }
}
