package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.junit.jupiter.api.Test;

/** The contract of executors notices who breaks it. */
class StepExecutorContractTest {
  @Test void aStepThatFailsUnaskedIsSeen() {
    StepExecutorContract contract = new StepExecutorContract() {
      @Override protected StepExecutor create(ExecutorSpec wanted) {
        return new FailsSilentSteps(HashModelExecutor.completingAtOnce(wanted));
      }
    };
    contract.open();

    assertThatThrownBy(contract::chunksDoNotChangeTokens).isInstanceOf(AssertionError.class)
        .hasMessageContaining("failed: nobody will notice");
  }

  /** Says that steps without output failed, and computes them all the same. */
  private record FailsSilentSteps(HashModelExecutor inner) implements StepExecutor {
    @Override public ExecutorSpec spec() {
      return inner.spec();
    }

    @Override public boolean submit(StepPlan plan) {
      return inner.submit(plan);
    }

    @Override public boolean poll(StepResult result) {
      boolean hasResult = inner.poll(result);
      if (hasResult && result.numRows() > 0 && result.numTokens(0) == 0) {
        result.failStep("nobody will notice");
      }
      return hasResult;
    }

    @Override public boolean await(long timeoutNanos) {
      return inner.await(timeoutNanos);
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
}
