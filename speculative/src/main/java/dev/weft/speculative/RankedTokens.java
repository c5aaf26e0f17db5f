package dev.weft.speculative;

import dev.weft.schedulerapi.StepResult;

/**
 * The token that a draft model sampled last for each sequence, and the likely ones beside it, most
 * likely first, as the result of a step reports them.
 */
final class RankedTokens {
  private final int maxNumRanked;

  // By sequence, the lists one behind the other.
  private final int[] sampled;
  private final int[] numRanked;
  private final int[] tokens;
  private final float[] logprobs;

  RankedTokens(int numSequences, int maxNumRanked) {
    this.maxNumRanked = maxNumRanked;
    sampled = new int[numSequences];
    numRanked = new int[numSequences];
    tokens = new int[numSequences * maxNumRanked];
    logprobs = new float[numSequences * maxNumRanked];
  }

  /** Takes over the first token of a row. */
  void read(int sequence, StepResult result, int row) {
    sampled[sequence] = result.token(row, 0);
    int count = 0;
    while (count < maxNumRanked && result.topToken(row, 0, count) >= 0) {
      tokens[sequence * maxNumRanked + count] = result.topToken(row, 0, count);
      logprobs[sequence * maxNumRanked + count] = result.topLogprob(row, 0, count);
      count++;
    }
    numRanked[sequence] = count;
  }

  int sampled(int sequence) {
    return sampled[sequence];
  }

  /** Number of likely tokens; 0 when none were asked for. */
  int numRanked(int sequence) {
    return numRanked[sequence];
  }

  int token(int sequence, int rank) {
    return tokens[sequence * maxNumRanked + rank];
  }

  /** Its log-probability by the model, at temperature 1 and before anything else. */
  float logprob(int sequence, int rank) {
    return logprobs[sequence * maxNumRanked + rank];
  }
}
