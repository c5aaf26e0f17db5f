package dev.weft.engine;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.jspecify.annotations.Nullable;

/** Answers every sampled row with the same token, at once and without allocating anything. */
final class EchoExecutor implements StepExecutor {
  static final int TOKEN = 7;
  private final ExecutorSpec spec;
  private @Nullable StepPlan submitted;

  /** @param spec of one step in flight */
  EchoExecutor(ExecutorSpec spec) {
    this.spec = spec;
  }

  @Override public ExecutorSpec spec() {
    return spec;
  }

  @Override public boolean submit(StepPlan plan) {
    submitted = plan;
    return true;
  }

  @Override public boolean poll(StepResult result) {
    StepPlan plan = submitted;
    if (plan == null) {
      return false;
    }
    submitted = null;
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      if (plan.isSampled(row)) {
        result.addToken(row, TOKEN);
      }
    }
    return true;
  }

  @Override public boolean await(long timeoutNanos) {
    return submitted != null;
  }

  @Override public ExecutorState state() {
    return ExecutorState.READY;
  }

  @Override public String failureMessage() {
    return "";
  }

  @Override public long lastGoodStepId() {
    return 0;
  }

  @Override public void close() {}
}
