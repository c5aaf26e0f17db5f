package dev.weft.speculative;

import dev.weft.schedulerapi.StepFeedback;

/**
 * How long the executor takes for a step; a {@link GoodputDraftLength} weighs it against the tokens
 * that drafts gain. Only ratios count there, so a model of the right shape is good in any unit.
 */
@FunctionalInterface
public interface StepTimeModel {
  /**
   * Nanoseconds for a step; must not fall with any of the three.
   *
   * @param numSequences     rows, 1 or more
   * @param numTokens        tokens of all rows, drafts included; not an integer where drafts are
   *                         expected ones
   * @param numContextTokens known tokens of all sequences: KV entries that attention reads
   */
  double nanos(int numSequences, double numTokens, double numContextTokens);

  /** A step's result was applied; for models that learn. */
  default void onStep(StepFeedback feedback) {}

  /** True when it learns, and has to see steps with few tokens and with many. */
  default boolean learns() {
    return false;
  }
}
