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

  @Test void noiseThatIsTheSameEverywhereIsSeen() {
    StepExecutorContract contract = new StepExecutorContract() {
      @Override protected StepExecutor create(ExecutorSpec wanted) {
        return new RepeatsItself(HashModelExecutor.completingAtOnce(wanted));
      }
    };
    contract.open();

    assertThatThrownBy(contract::everyPositionDrawsWithNoiseOfItsOwn)
        .isInstanceOf(AssertionError.class).hasMessageContaining("tokens with seed 1");
  }

  /** Says that steps without output failed, and computes them all the same. */
  private static final class FailsSilentSteps extends Passing {
    FailsSilentSteps(StepExecutor inner) {
      super(inner);
    }

    @Override public boolean poll(StepResult result) {
      boolean hasResult = super.poll(result);
      if (hasResult && result.numRows() > 0 && result.numTokens(0) == 0) {
        result.failStep("nobody will notice");
      }
      return hasResult;
    }
  }

  /** Says the same token whatever was computed. */
  private static final class RepeatsItself extends Passing {
    RepeatsItself(StepExecutor inner) {
      super(inner);
    }

    @Override public boolean poll(StepResult result) {
      boolean hasResult = super.poll(result);
      int numRows = hasResult ? result.numRows() : 0;
      if (numRows > 0) {
        result.reset(result.stepId(), numRows);
        result.addToken(0, 7);
      }
      return hasResult;
    }
  }

  /** Hands everything on. */
  private static class Passing implements StepExecutor {
    private final StepExecutor inner;

    Passing(StepExecutor inner) {
      this.inner = inner;
    }

    @Override public ExecutorSpec spec() {
      return inner.spec();
    }

    @Override public boolean submit(StepPlan plan) {
      return inner.submit(plan);
    }

    @Override public boolean poll(StepResult result) {
      return inner.poll(result);
    }

    @Override public boolean await(long timeoutNanos) throws InterruptedException {
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
