package dev.weft.batching;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;

/**
 * The {@code maxInFlight + 1} plans that the scheduler cycles: those in flight, oldest first, and
 * one more.
 */
final class PlanRing {
  private final PlanBuffer[] ring;
  private int oldest;
  private int numInFlight;
  private long lastStepId;

  PlanRing(SchedulerLimits limits, ExecutorSpec spec) {
    ring = new PlanBuffer[limits.maxInFlight() + 1];
    for (int i = 0; i < ring.length; i++) {
      ring[i] = new PlanBuffer(
          2 * limits.maxNumSeqs(), limits.maxNumBatchedTokens(), spec.vocabularySize());
    }
  }

  int numInFlight() {
    return numInFlight;
  }

  boolean isFull() {
    return numInFlight == ring.length - 1;
  }

  /** The plan in flight at this place, 0 for the oldest. */
  PlanBuffer inFlight(int index) {
    return ring[(oldest + index) % ring.length];
  }

  /** Starts a plan in the buffer that is not in flight. */
  PlanBuffer begin() {
    PlanBuffer plan = inFlight(numInFlight);
    plan.begin(lastStepId + 1);
    return plan;
  }

  /** The plan begun last is in flight from now on. */
  void launch() {
    lastStepId++;
    numInFlight++;
  }

  /** The oldest plan is applied. */
  void retireOldest() {
    oldest = (oldest + 1) % ring.length;
    numInFlight--;
  }
}
