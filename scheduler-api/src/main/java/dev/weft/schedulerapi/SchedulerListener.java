package dev.weft.schedulerapi;

/**
 * Observes a scheduler. All methods are called on the scheduler thread, must return quickly and
 * must not call the scheduler: such a call throws. Being told allocates nothing. A method that
 * throws an exception harms nobody: the scheduler goes on and tells {@link #onListenerFailure}. An
 * {@link Error} is passed on to whoever called the scheduler, which must not be used any more.
 */
public interface SchedulerListener {
  /** Ignores everything. */
  SchedulerListener NONE = new SchedulerListener() {};

  /** A request was accepted; {@code seed} is the one asked for or the one derived for it. */
  default void onAdd(Request request, long seed, long nowNanos) {}

  /**
   * A sequence got its first row since it began to wait; the prefix is what it adopted from the
   * cache.
   */
  default void onAdmit(long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {}

  /**
   * One output token, in order for each sequence, exactly once.
   *
   * @param outputIndex from 0, counts the output tokens of this sample
   */
  default void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {}

  /**
   * The log-probabilities of the token just delivered, when the request asked for them; the result
   * is valid during the call.
   */
  default void onLogprobs(long requestId, int sampleIndex, int outputIndex, StepResult result,
      int row, int tokenIndex) {}

  /**
   * A sequence lost its blocks; {@code forRequestId} is who did not fit, -1 for nobody in
   * particular.
   */
  default void onPreempt(long requestId, int sampleIndex, long forRequestId, PreemptReason reason,
      int numTokensToRecompute, int numBlocksReleased, long nowNanos) {}

  /** A sequence ended. Exactly once for each sample of each accepted request. */
  default void onFinish(long requestId, int sampleIndex, FinishReason reason, int numOutputTokens,
      long nowNanos) {}

  /** A step was planned; an empty one as well. Plan and statistics are valid during the call. */
  default void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {}

  /**
   * The result of a step was applied, after what it delivered and ended was told; valid during the
   * call. An executor that died reports no result for its steps in flight.
   */
  default void onResult(StepResult result, SchedulerStats stats, long nowNanos) {}

  /** Proposed drafts of a sequence were refused; it goes on without drafts. */
  default void onDraftsRefused(long requestId, int sampleIndex, DraftAnswer answer,
      long nowNanos) {}

  /**
   * The drafter or the policy of draft lengths threw: sequences that it had not come to go on
   * without drafts.
   */
  default void onDraftingFailure(RuntimeException failure, long nowNanos) {}

  /** An asynchronous transfer completed: whoever pinned its blocks can unpin them. */
  default void onTransferFinished(int transferId, long nowNanos) {}

  /**
   * The policy threw: while it planned the step, which holds what was granted before, when it was
   * told of its result, or, with 0, when it was asked or told something else. A throwing order of
   * waiting counts as one of arrival, a throwing judge as one that refuses.
   */
  default void onPolicyFailure(long stepId, RuntimeException failure) {}

  /** Another method of this listener threw; what it was told is not told again. */
  default void onListenerFailure(RuntimeException failure) {}
}
