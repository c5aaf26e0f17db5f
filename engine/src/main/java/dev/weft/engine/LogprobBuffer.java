package dev.weft.engine;

import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;

/**
 * Log-probabilities of the tokens of one sample. Grows by copying, so that what a reader holds
 * never changes; published together with the tokens by {@link SampleBuffer}.
 */
final class LogprobBuffer {
  private static final int FIRST_NUM_TOKENS = 16;
  private final int numAlternatives;
  private Columns data;
  private int numTokens;

  LogprobBuffer(int numAlternatives) {
    this.numAlternatives = numAlternatives;
    data = new Columns(new float[FIRST_NUM_TOKENS], new int[FIRST_NUM_TOKENS * numAlternatives],
        new float[FIRST_NUM_TOKENS * numAlternatives]);
  }

  void append(StepResult result, int row, int tokenIndex) {
    if (numTokens == data.chosen.length) {
      data = data.doubled();
    }
    data.chosen[numTokens] = result.logprob(row, tokenIndex);
    for (int rank = 0; rank < numAlternatives; rank++) {
      int at = numTokens * numAlternatives + rank;
      data.topTokens[at] = result.topToken(row, tokenIndex, rank);
      data.topLogprobs[at] = result.topLogprob(row, tokenIndex, rank);
    }
    numTokens++;
  }

  TokenLogprobs get(int index, int token) {
    Columns now = data;
    int begin = index * numAlternatives;
    int end = begin + numAlternatives;
    return new TokenLogprobs(token, now.chosen[index],
        Arrays.copyOfRange(now.topTokens, begin, end),
        Arrays.copyOfRange(now.topLogprobs, begin, end));
  }

  /** Arrays of one size: by output token, the last two by {@code token * alternatives + rank}. */
  private static final class Columns {
    private final float[] chosen;
    private final int[] topTokens;
    private final float[] topLogprobs;

    private Columns(float[] chosen, int[] topTokens, float[] topLogprobs) {
      this.chosen = chosen;
      this.topTokens = topTokens;
      this.topLogprobs = topLogprobs;
    }

    private Columns doubled() {
      return new Columns(Arrays.copyOf(chosen, 2 * chosen.length),
          Arrays.copyOf(topTokens, 2 * topTokens.length),
          Arrays.copyOf(topLogprobs, 2 * topLogprobs.length));
    }
  }
}
