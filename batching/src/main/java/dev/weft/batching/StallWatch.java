package dev.weft.batching;

import dev.weft.schedulerapi.PauseMode;

/**
 * Counts consecutive steps without a row though sequences could run and nothing is awaited. Past
 * the limit it names the oldest sequence, so that no policy can let work wait for ever.
 */
final class StallWatch {
  private final Core core;
  private int numEmptySteps;

  StallWatch(Core core) {
    this.core = core;
  }

  /**
   * The sequence to be ended for want of progress, or NONE; cost O(waiting) only when there is one.
   */
  int afterPlan(PlanBuffer plan, boolean sawOutsideWait) {
    if (plan.numRows > 0) {
      numEmptySteps = 0;
      return SequenceTable.NONE;
    }
    core.stats.numEmptySteps++;
    boolean isStuck = core.plans.numInFlight() == 0 && core.pause == PauseMode.NONE
        && core.numRunning + core.waiting.size() > 0 && !sawOutsideWait
        && core.kvCache.numPendingBlocks() == 0;
    numEmptySteps = isStuck ? numEmptySteps + 1 : 0;
    if (numEmptySteps < core.limits.maxNumEmptySteps()) {
      return SequenceTable.NONE;
    }
    numEmptySteps = 0;
    return oldest();
  }

  private int oldest() {
    int oldest = core.running.size() > 0 ? core.running.handleAt(0) : core.waiting.handleAt(0);
    for (int i = 0; i < core.running.size(); i++) {
      oldest = older(oldest, core.running.handleAt(i));
    }
    for (int i = 0; i < core.waiting.size(); i++) {
      oldest = older(oldest, core.waiting.handleAt(i));
    }
    return oldest;
  }

  private int older(int a, int b) {
    return core.table.arrivalIndex[a] <= core.table.arrivalIndex[b] ? a : b;
  }
}
