package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.FinishReason;

/** What {@link SoloDecoder} produced for one sequence. Immutable. */
public final class SoloOutput {
  private final int[] tokens;
  private final float[] logprobs;
  private final int[][] topTokens;
  private final float[][] topLogprobs;
  private final FinishReason finishReason;

  /** Keeps the arrays; those of log-probabilities are empty when nobody asked for them. */
  SoloOutput(
      int[] tokens,
      float[] logprobs,
      int[][] topTokens,
      float[][] topLogprobs,
      FinishReason finishReason) {
    this.tokens = tokens;
    this.logprobs = logprobs;
    this.topTokens = topTokens;
    this.topLogprobs = topLogprobs;
    this.finishReason = finishReason;
  }

  /** The number of generated tokens, a stop token included. */
  public int numTokens() {
    return tokens.length;
  }

  /** The generated tokens, a stop token included; a copy. */
  public int[] tokens() {
    return tokens.clone();
  }

  /**
   * The natural logarithm of a token's probability, before penalties, masks and temperature; NaN
   * when it was not asked for.
   *
   * @param index 0 to {@link #numTokens}, exclusive
   */
  public float logprob(int index) {
    return logprobs.length == 0 ? Float.NaN : logprobs[index];
  }

  /** The number of most likely tokens known at that place; 0 when they were not asked for. */
  public int numTopTokens(int index) {
    return topTokens.length == 0 ? 0 : topTokens[index].length;
  }

  /** The token of that rank at that place, from 0, most likely first. */
  public int topToken(int index, int rank) {
    return topTokens[index][rank];
  }

  /** The log-probability of {@link #topToken}. */
  public float topLogprob(int index, int rank) {
    return topLogprobs[index][rank];
  }

  /** STOP, LENGTH, or ERROR when logits were no numbers or no token was permitted. */
  public FinishReason finishReason() {
    return finishReason;
  }
}
