package dev.weft.testkit;

import dev.weft.schedulerapi.ForwardingPolicy;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepPlan;

/**
 * Stands around a policy and checks that work goes on: after a step in which it scheduled nobody,
 * it asks the builder for tokens of each candidate itself, and whoever gets one is proof of an idle
 * step (L2). {@link #count} bounds the number of steps.
 */
public final class LivenessChecker extends ForwardingPolicy {
  /** What a policy must not leave undone in an empty step. */
  public enum Demand {
    /** Nothing: the policy is not live alone. */
    NOTHING,
    /** Whoever could get a token: the policy has no admission gate. */
    WORK_CONSERVING,
    /**
     * The running ones; the waiting ones when none runs and no transfer holds a block: gates may
     * hold back, but not for ever.
     */
    PROGRESS
  }

  private final Demand demand;
  private final long maxNumSteps;
  private final int maxNumEmptySteps;
  private long numSteps;
  private int numEmptySteps;

  /**
   * @param maxNumSteps      bound on all steps
   * @param maxNumEmptySteps bound on steps without a row that follow each other
   */
  public LivenessChecker(SchedulingPolicy policy, Demand demand, long maxNumSteps,
      int maxNumEmptySteps) {
    super(policy);
    this.demand = demand;
    this.maxNumSteps = maxNumSteps;
    this.maxNumEmptySteps = maxNumEmptySteps;
  }

  /**
   * Counts a step that was planned while there was something to do.
   *
   * @throws AssertionError when a bound is passed
   */
  public void count(StepPlan plan) {
    numEmptySteps = plan.numRows() == 0 ? numEmptySteps + 1 : 0;
    if (numEmptySteps > maxNumEmptySteps) {
      throw new AssertionError("L10 step " + plan.stepId() + ": " + numEmptySteps
          + " empty steps in a row, at most " + maxNumEmptySteps);
    }
    if (++numSteps > maxNumSteps) {
      throw new AssertionError("L1 step " + plan.stepId() + ": not idle after " + maxNumSteps
          + " steps");
    }
  }

  @Override public void plan(StepBuilder step) {
    super.plan(step);
    if (demand != Demand.NOTHING && step.numRows() == 0 && step.tokenBudget() > 0) {
      probe(step, step.running());
      if (demand == Demand.WORK_CONSERVING || step.numFreeBlocks() == step.numTotalBlocks()) {
        probe(step, step.waiting());
      }
    }
  }

  private static void probe(StepBuilder step, SequenceList sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      SequenceView sequence = sequences.get(i);
      int numTokens = Math.min(step.numPendingTokens(sequence), step.tokenBudget());
      if (numTokens > 0 && canRun(step, sequence, numTokens)) {
        throw new AssertionError("L2: the step is empty although request " + sequence.requestId()
            + " sample " + sequence.sampleIndex() + " could get a token");
      }
    }
  }

  private static boolean canRun(StepBuilder step, SequenceView sequence, int numTokens) {
    Grant grant = step.schedule(sequence, numTokens);
    boolean isOutsideWait = grant == Grant.BLOCKED || grant == Grant.AWAITS_TOKEN;
    return grant.isGranted() || (!isOutsideWait
        && step.schedule(sequence, Math.min(numTokens, step.chunkUnit())).isGranted());
  }
}
