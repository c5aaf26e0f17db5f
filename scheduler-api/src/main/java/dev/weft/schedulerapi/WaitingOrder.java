package dev.weft.schedulerapi;

/**
 * The place of a sequence that starts to wait, whether it is new or was preempted. The answers must
 * be monotone along the waiting list: once true, true for all behind; so a place is found in O(log
 * n).
 */
@FunctionalInterface
public interface WaitingOrder {
  /**
   * Value of {@link #reevaluationNanos} of an order that depends on the sequences' fixed facts
   * alone.
   */
  long NEVER = Long.MAX_VALUE;

  /** First come, first served; a preempted sequence keeps its place. */
  WaitingOrder ARRIVAL = (entering, waiting) -> entering.arrivalIndex() < waiting.arrivalIndex();

  /** The more urgent first, and first come, first served among equals. */
  WaitingOrder PRIORITY = (entering, waiting) -> entering.priority() != waiting.priority()
      ? entering.priority() < waiting.priority()
      : entering.arrivalIndex() < waiting.arrivalIndex();

  /** True when {@code entering} goes ahead of {@code waiting}. */
  boolean precedes(SequenceView entering, SequenceView waiting);

  /**
   * True when the place depends on when a sequence begins to wait, as at the front of the list. The
   * answers then say nothing about two sequences that wait already.
   */
  default boolean isByEntry() {
    return false;
  }

  /**
   * After how many nanoseconds the whole list is put in order again, because the answers depend on
   * time or on the cache; {@link #NEVER} by default. Cost of one: O(n log n) questions,
   * or fewer where {@link #reevaluate} says so.
   */
  default long reevaluationNanos() {
    return NEVER;
  }

  /**
   * Told when the interval is over, before the plan.
   *
   * @return false when no answer can have changed, so that the list stays as it is; cost then O(1)
   */
  default boolean reevaluate(StepFacts facts) {
    return true;
  }

  /**
   * Works the answers about a waiting sequence out anew, after {@link #reevaluate(StepFacts)}.
   *
   * @return true when they may have changed; the list is put in order when any have
   */
  default boolean reevaluate(StepFacts facts, SequenceView waiting) {
    return true;
  }

  /**
   * Told of a sequence that starts to wait, new, unblocked or without its blocks, before its place
   * is asked for. The answers about others must stay as they are.
   */
  default void onEnter(SequenceView entering) {}

  /** Told of a sequence that waits no more: it was admitted in the step just planned, or ended. */
  default void onLeave(SequenceView leaving) {}
}
