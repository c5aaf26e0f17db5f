package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import org.jspecify.annotations.Nullable;

/** The waiting list from its head on. */
final class WaitingInOrder implements Candidates {
  private int next;

  @Override public void begin(StepFacts step) {
    next = 0;
  }

  @Override public @Nullable SequenceView next(StepFacts step) {
    SequenceList waiting = step.waiting();
    return next < waiting.size() ? waiting.get(next++) : null;
  }
}
