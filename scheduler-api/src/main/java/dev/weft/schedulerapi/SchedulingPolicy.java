package dev.weft.schedulerapi;

/**
 * Decides which tokens of which sequences run in the next step. All methods are called on the
 * scheduler thread; what is handed in is valid during the call.
 */
@FunctionalInterface
public interface SchedulingPolicy {
  /**
   * Called once for each step. An exception leaves the step as built so far and is reported to
   * {@link SchedulerListener#onPolicyFailure}.
   */
  void plan(StepBuilder step);

  /** The order in which the core keeps the waiting list; asked once. */
  default WaitingOrder waitingOrder() {
    return WaitingOrder.ARRIVAL;
  }

  /**
   * Whether a request may wait whose KV entries would not fit into the pool if it came to its full
   * length; asked once. Such a request blocks others or is preempted again and again until it stops
   * by itself, is aborted or is given up ({@link SchedulerLimits#maxNumEmptySteps}); by default it
   * is refused when it is added.
   */
  default boolean acceptsWhatNeverFits() {
    return false;
  }

  /** How exact the books about drafts are; asked once. */
  default DraftBooks draftBooks() {
    return DraftBooks.EXACT;
  }

  /**
   * Whether a new request may wait at all. What can never fit into cache or model is refused by the
   * core before this is asked.
   */
  default boolean accepts(SequenceView sequence, StepFacts facts) {
    return true;
  }

  /**
   * A sequence begins to live: a new request, or a further sample when its prompt is computed. Its
   * place in the waiting list is asked for afterwards.
   */
  default void onAdd(SequenceView sequence) {}

  /** A step's result was applied. */
  default void onStep(StepFeedback feedback) {}

  /** A sequence ended; its handle may be given to another one afterwards. */
  default void onFinish(SequenceView sequence, FinishReason reason) {}
}
