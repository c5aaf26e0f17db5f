package dev.weft.testkit;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;

/**
 * The plainest policy that is live: running sequences first, then the waiting ones in order, as
 * many tokens as fit; when blocks run out, the newest running sequence loses its own. For tests
 * that need some policy.
 */
public final class FirstComePolicy implements SchedulingPolicy {
  /** Stateless: may serve many schedulers. */
  public FirstComePolicy() {}

  @Override public void plan(StepBuilder step) {
    SequenceList running = step.running();
    int numSafe = running.size(); // Those from here on were preempted in this step.
    boolean hasPreempted = false;
    for (int i = 0; i < numSafe; i++) {
      Grant grant = scheduleAll(step, running.get(i));
      while (grant == Grant.NO_BLOCKS && step.preempt(running.get(numSafe - 1))) {
        hasPreempted = true;
        numSafe--;
        grant = i < numSafe ? scheduleAll(step, running.get(i)) : Grant.NOT_IN_THIS_STEP;
      }
    }
    if (!hasPreempted) {
      admit(step);
    }
  }

  private static void admit(StepBuilder step) {
    SequenceList waiting = step.waiting();
    for (int i = 0; i < waiting.size() && step.numFreeSlots() > 0 && step.tokenBudget() > 0; i++) {
      if (scheduleAll(step, waiting.get(i)) == Grant.NO_BLOCKS && step.numRunning() > 0) {
        return;
      }
    }
  }

  /** As many tokens as pending, budget and, for a waiting sequence, free blocks allow. */
  private static Grant scheduleAll(StepBuilder step, SequenceView sequence) {
    int numTokens = step.numGrantableTokens(sequence, Integer.MAX_VALUE);
    return numTokens > 0 ? step.schedule(sequence, numTokens) : Grant.NO_TOKENS;
  }
}
