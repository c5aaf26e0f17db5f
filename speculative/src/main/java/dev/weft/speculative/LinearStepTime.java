package dev.weft.speculative;

/**
 * A step time that grows by a fixed part for each sequence, token and position of context.
 *
 * @param nanosPerStep     reading the weights, launching
 * @param nanosPerSequence sampling, attaching
 * @param nanosPerToken    multiplying one token with the weights
 * @param nanosPerContext  reading the KV entries of one position
 */
public record LinearStepTime(double nanosPerStep, double nanosPerSequence, double nanosPerToken,
    double nanosPerContext) implements StepTimeModel {
  /**
   * A model of 8 billion parameters in 16 bits on an H100, roughly: what {@link MeasuredStepTime}
   * believes before it has measured.
   */
  public static final LinearStepTime H100_8B = new LinearStepTime(7.0e6, 0, 16_600, 35);

  /** Checks that no part is negative and that a step takes time. */
  public LinearStepTime {
    requireNotNegative("nanosPerSequence", nanosPerSequence);
    requireNotNegative("nanosPerToken", nanosPerToken);
    requireNotNegative("nanosPerContext", nanosPerContext);
    if (!(nanosPerStep > 0) || Double.isInfinite(nanosPerStep)) {
      throw new IllegalArgumentException(
          "nanosPerStep is " + nanosPerStep + ", must be above 0 and finite");
    }
  }

  private static void requireNotNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          name + " is " + value + ", must be 0 or more and finite");
    }
  }

  @Override public double nanos(int numSequences, double numTokens, double numContextTokens) {
    return nanosPerStep + nanosPerSequence * numSequences + nanosPerToken * numTokens
        + nanosPerContext * numContextTokens;
  }
}
