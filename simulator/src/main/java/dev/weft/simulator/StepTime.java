package dev.weft.simulator;

import dev.weft.schedulerapi.StepPlan;

/**
 * How long a device takes for a step, as a linear function: the weights are read once, each token
 * is multiplied with them, and a row that decodes reads the KV entries of its context.
 *
 * @param nanosPerStep    reading the weights, launching, sampling
 * @param nanosPerToken   multiplying one token
 * @param nanosPerContext reading one position of the context of a row with a single known token
 */
public record StepTime(double nanosPerStep, double nanosPerToken, double nanosPerContext) {
  /**
   * A model of 8 billion parameters in 16 bits on one H100: a line through the spot values of
   * published kernel times for 1 to 256 decoding sequences at a context of 1,024 and for a prompt
   * of 2,048 tokens.
   */
  public static final StepTime H100_8B = new StepTime(7.0e6, 16_600, 35);

  /** Nanoseconds for this plan. */
  public long nanos(StepPlan plan) {
    long numContext = 0;
    for (int row = 0; row < plan.numRows(); row++) {
      boolean isDecode = plan.numTokens(row) - plan.numDraftTokens(row) == 1;
      numContext += isDecode ? plan.startPosition(row) + 1 : 0;
    }
    return nanos(plan.numTokens(), numContext);
  }

  /** Nanoseconds for so many tokens and positions of decoding contexts. */
  long nanos(long numTokens, long numContext) {
    return Math.round(nanosPerStep + nanosPerToken * numTokens + nanosPerContext * numContext);
  }
}
