package dev.weft.schedulerapi;

/**
 * The answer to {@link StepBuilder#schedule}: granted, or the first limit that stands in the way.
 * The constants are in the order in which the limits are tested.
 */
public enum Grant {
  /** The row is in the step. */
  GRANTED,
  /** It already has a row in this step, or lost its blocks in it. */
  NOT_IN_THIS_STEP,
  /** It waits for something outside, its token mask is not ready, or admission is paused. */
  BLOCKED,
  /**
   * What is to be computed depends on a token that a step in flight samples and nobody has read.
   */
  AWAITS_TOKEN,
  /** The executor cannot run a row of this shape beside the rows granted so far. */
  NO_SHAPE,
  /** Its adapter would be one too many among the rows of this step. */
  NO_ADAPTER,
  /** No further sequence may be admitted. */
  NO_SLOTS,
  /** More tokens than {@link StepFacts#tokenBudget}. */
  NO_TOKENS,
  /** More KV blocks than are free. */
  NO_BLOCKS,
  /** More KV blocks than are free, but enough come back when transfers under way complete. */
  BLOCKS_PENDING;

  public boolean isGranted() {
    return this == GRANTED;
  }

  /** True when preempting a running sequence can change the answer. */
  public boolean isCuredByPreemption() {
    return this == NO_SLOTS || this == NO_BLOCKS;
  }
}
