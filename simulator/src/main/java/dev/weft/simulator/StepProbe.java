package dev.weft.simulator;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.function.BooleanSupplier;

/**
 * Stands around a policy and counts its idle steps: those in which it gave no row although the
 * device had nothing to do and the facts say that some sequence could have had one (L2). A mask
 * that is not ready is not among the facts. Changes nothing.
 */
final class IdleStepCounter implements SchedulingPolicy {
  private final SchedulingPolicy policy;
  private final BooleanSupplier isDeviceIdle;
  private long numIdleSteps;

  IdleStepCounter(SchedulingPolicy policy, BooleanSupplier isDeviceIdle) {
    this.policy = policy;
    this.isDeviceIdle = isDeviceIdle;
  }

  long numIdleSteps() {
    return numIdleSteps;
  }

  @Override public void plan(StepBuilder step) {
    policy.plan(step);
    if (step.numRows() == 0 && isDeviceIdle.getAsBoolean()) {
      boolean fits = fitsAny(step, step.running()) || fitsAny(step, step.waiting());
      numIdleSteps += fits ? 1 : 0;
    }
  }

  private static boolean fitsAny(StepFacts step, SequenceList sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      if (fits(step, sequences.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean fits(StepFacts step, SequenceView sequence) {
    boolean isAdmission = sequence.status() == SequenceStatus.WAITING;
    boolean awaitsToken = isAdmission && sequence.numUnreadTokens() > 0;
    if (awaitsToken || isAdmission && step.numFreeSlots() == 0 || !step.hasAdapterRoom(sequence)) {
      return false;
    }
    int numTokens = Math.min(step.chunkUnit(), step.numPendingTokens(sequence));
    int end = step.startPosition(sequence) + numTokens + step.limits().numLookaheadTokens();
    int numPositions = Math.min(end, step.limits().maxModelLen());
    return numTokens > 0 && numTokens <= step.tokenBudget()
        && step.numBlocksNeeded(sequence, numPositions) <= step.numFreeBlocks();
  }

  @Override public WaitingOrder waitingOrder() {
    return policy.waitingOrder();
  }

  @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
    return policy.accepts(sequence, facts);
  }

  @Override public void onAdd(SequenceView sequence) {
    policy.onAdd(sequence);
  }

  @Override public void onStep(StepFeedback feedback) {
    policy.onStep(feedback);
  }

  @Override public void onFinish(SequenceView sequence, FinishReason reason) {
    policy.onFinish(sequence, reason);
  }
}
