package dev.weft.batching;

import dev.weft.schedulerapi.ForwardingPolicy;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import org.jspecify.annotations.Nullable;

/**
 * Makes a policy live that is not sure to be. When the policy it wraps has given no row in so many
 * plans in a row, although something lives, nothing is paused and no running sequence awaits a step
 * in flight, the guard gives a row itself: to the oldest sequence that can have one, which takes
 * blocks from newer ones, the newest first. It goes on until the policy gives one again. A plan
 * that throws counts as one without a row.
 *
 * <p>Live as long as the policy lets the oldest keep its blocks between two turns of the guard.
 * Cost that of the policy; O(running + waiting) when it gives no row.
 */
public final class ProgressGuard extends ForwardingPolicy {
  private static final NewestFirst NEWEST_FIRST = new NewestFirst();

  private final int maxNumEmptySteps;
  private int numEmptySteps;

  /** @param maxNumEmptySteps plans without a row after which the guard acts, 1 or more */
  public ProgressGuard(SchedulingPolicy policy, int maxNumEmptySteps) {
    super(policy);
    if (maxNumEmptySteps < 1) {
      throw new IllegalArgumentException(
          "maxNumEmptySteps is " + maxNumEmptySteps + ", must be 1 or more");
    }
    this.maxNumEmptySteps = maxNumEmptySteps;
  }

  @Override public void plan(StepBuilder step) {
    try {
      super.plan(step);
    } finally {
      if (step.numRows() > 0) {
        numEmptySteps = 0;
      } else if (isStuck(step)) {
        numEmptySteps = Math.min(numEmptySteps + 1, maxNumEmptySteps);
        if (numEmptySteps == maxNumEmptySteps) {
          giveRow(step);
        }
      }
    }
  }

  private static boolean isStuck(StepFacts step) {
    return step.tokenBudget() > 0
        && step.running().size() + step.waiting().size() > 0
        && Rows.isIdle(step);
  }

  /**
   * Tries the oldest first, then the others in the order of the lists, as many as may run at once.
   */
  private static void giveRow(StepBuilder step) {
    SequenceView oldest = oldest(step.waiting(), oldest(step.running(), null));
    if (oldest != null) {
      giveRow(step, oldest);
    }
    giveRow(step, step.running());
    giveRow(step, step.waiting());
  }

  private static void giveRow(StepBuilder step, SequenceList list) {
    int numTried = Math.min(list.size(), step.limits().maxNumSeqs());
    for (int i = 0; i < numTried && step.numRows() == 0; i++) {
      giveRow(step, list.get(i));
    }
  }

  private static void giveRow(StepBuilder step, SequenceView candidate) {
    int numTokens = step.numGrantableTokens(candidate, Integer.MAX_VALUE);
    Grant grant = numTokens == 0 ? Grant.AWAITS_TOKEN : step.schedule(candidate, numTokens);
    while (grant == Grant.NO_BLOCKS) {
      SequenceView victim = NEWEST_FIRST.select(step, candidate);
      if (victim == null || victim == candidate || !step.preempt(victim)) {
        return;
      }
      grant = step.schedule(candidate, numTokens);
    }
  }

  private static @Nullable SequenceView oldest(SequenceList list, @Nullable SequenceView found) {
    SequenceView oldest = found;
    for (int i = 0; i < list.size(); i++) {
      SequenceView candidate = list.get(i);
      if (oldest == null || candidate.arrivalIndex() < oldest.arrivalIndex()) {
        oldest = candidate;
      }
    }
    return oldest;
  }
}
