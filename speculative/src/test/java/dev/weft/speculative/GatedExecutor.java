package dev.weft.speculative;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;

/** Completes as many steps as it is told to; a wait for a further one takes the caller's time. */
final class GatedExecutor implements StepExecutor {
  final HashModelExecutor inner;
  int numStepsAllowed = Integer.MAX_VALUE;
  int numSubmitted;
  int maxNumRows;
  int maxNumTokens;
  long nowNanos;
  long nanosPerStep;
  boolean interrupts;
  RuntimeException onSubmit;

  GatedExecutor(ExecutorSpec spec) {
    inner = HashModelExecutor.completingOnDemand(spec);
  }

  long nanoTime() {
    return nowNanos;
  }

  @Override public ExecutorSpec spec() {
    return inner.spec();
  }

  @Override public boolean submit(StepPlan plan) {
    if (onSubmit != null) {
      throw onSubmit;
    }
    boolean isSubmitted = inner.submit(plan);
    if (isSubmitted) {
      numSubmitted++;
      maxNumRows = Math.max(maxNumRows, plan.numRows());
      maxNumTokens = Math.max(maxNumTokens, plan.numTokens());
    }
    return isSubmitted;
  }

  @Override public boolean poll(StepResult result) {
    return inner.poll(result);
  }

  @Override public boolean await(long timeoutNanos) throws InterruptedException {
    if (interrupts) {
      throw new InterruptedException();
    }
    if (numStepsAllowed > 0 && nanosPerStep <= timeoutNanos && inner.completeNext()) {
      numStepsAllowed--;
      nowNanos += nanosPerStep;
      return true;
    }
    if (inner.state() == ExecutorState.READY) {
      nowNanos += timeoutNanos;
    }
    return false;
  }

  @Override public ExecutorState state() {
    return inner.state();
  }

  @Override public String failureMessage() {
    return inner.failureMessage();
  }

  @Override public long lastGoodStepId() {
    return inner.lastGoodStepId();
  }

  @Override public void close() {
    inner.close();
  }
}
