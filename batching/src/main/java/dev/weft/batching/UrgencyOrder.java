package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;

/** The more urgent first, and first come, first served among equals. */
record UrgencyOrder(Urgency urgency) implements WaitingOrder {
  @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
    long urgencyOfEntering = urgency.of(entering);
    long urgencyOfWaiting = urgency.of(waiting);
    return urgencyOfEntering != urgencyOfWaiting
        ? urgencyOfEntering < urgencyOfWaiting
        : entering.arrivalIndex() < waiting.arrivalIndex();
  }

  @Override public long reevaluationNanos() {
    return urgency.reevaluationNanos();
  }

  @Override public boolean reevaluate(StepFacts facts) {
    if (!urgency.reevaluate(facts)) {
      return false;
    }
    SequenceList running = facts.running();
    for (int i = 0; i < running.size(); i++) {
      urgency.reevaluate(facts, running.get(i));
    }
    return true;
  }

  @Override public boolean reevaluate(StepFacts facts, SequenceView waiting) {
    return urgency.reevaluate(facts, waiting);
  }
}
