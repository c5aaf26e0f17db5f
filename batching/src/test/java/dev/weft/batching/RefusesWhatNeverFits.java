package dev.weft.batching;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.WaitingOrder;

/** Decides as another policy, but lets nobody wait who can never fit. */
record RefusesWhatNeverFits(SchedulingPolicy policy) implements SchedulingPolicy {
  @Override public void plan(StepBuilder step) {
    policy.plan(step);
  }

  @Override public WaitingOrder waitingOrder() {
    return policy.waitingOrder();
  }

  @Override public DraftBooks draftBooks() {
    return policy.draftBooks();
  }
}
