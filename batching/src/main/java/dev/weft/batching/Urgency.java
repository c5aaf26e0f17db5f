package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * How urgent a sequence is to a policy; smaller is more urgent. The more urgent goes first, and may
 * take the place of strictly less urgent ones. What it says of a waiting sequence changes in
 * {@link #reevaluate} alone.
 */
@FunctionalInterface
public interface Urgency {
  /** All are equal: nobody takes the place of anybody. */
  Urgency NONE = sequence -> 0;

  /** As the request says. */
  Urgency PRIORITY = SequenceView::priority;

  long of(SequenceView sequence);

  /** As {@link WaitingOrder#reevaluationNanos}. */
  default long reevaluationNanos() {
    return WaitingOrder.NEVER;
  }

  /** As {@link WaitingOrder#reevaluate(StepFacts)}. */
  default boolean reevaluate(StepFacts facts) {
    return true;
  }

  /** As {@link WaitingOrder#reevaluate(StepFacts, SequenceView)}, of running sequences as well. */
  default boolean reevaluate(StepFacts facts, SequenceView sequence) {
    return true;
  }
}
