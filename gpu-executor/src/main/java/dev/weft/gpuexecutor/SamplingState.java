package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.Arrays;

/**
 * What one sequence's sampling depends on beside the logits: its parameters, its seed, and, when
 * there are penalties, all its tokens. Used again for one sequence after another.
 */
final class SamplingState {
  private static final int[] NO_TOKENS = {};

  private SamplingParameters parameters = SamplingParameters.greedy(1);
  private long seed;
  private int numPromptTokens;
  private int[] tokens = NO_TOKENS;
  private int numTokens;

  /**
   * Begins a sequence of which no token is known yet.
   *
   * @param maxTokens most tokens it can have; memory for them is taken at the first sequence with
   *     penalties, and kept
   */
  void begin(SamplingParameters parameters, long seed, int numPromptTokens, int maxTokens) {
    this.parameters = parameters;
    this.seed = seed;
    this.numPromptTokens = numPromptTokens;
    numTokens = 0;
    if (parameters.hasPenalties() && tokens.length < maxTokens) {
      tokens = Arrays.copyOf(tokens, maxTokens);
    }
  }

  /**
   * Notes the token at a position, behind which no token counts any more; does nothing when there
   * are no penalties.
   *
   * @param position at most {@link #numTokens}
   */
  void put(int position, int token) {
    if (!parameters.hasPenalties()) {
      return;
    }
    if (position > numTokens) {
      throw new IllegalStateException("token at position " + position + " behind " + numTokens);
    }
    tokens[position] = token;
    numTokens = position + 1;
  }

  SamplingParameters parameters() {
    return parameters;
  }

  long seed() {
    return seed;
  }

  /** Tokens from this position on are output. */
  int numPromptTokens() {
    return numPromptTokens;
  }

  /** Tokens noted so far; 0 when there are no penalties. */
  int numTokens() {
    return numTokens;
  }

  int token(int position) {
    return tokens[position];
  }
}
