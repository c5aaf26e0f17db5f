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

  @Test void takingTreesThatTheSpecHasNotIsSeen() {
    StepExecutorContract contract = promisingLess(small().maxNumDraftTokens(7));

    assertThatThrownBy(contract::aTreeIsRefusedWhereTheSpecHasNone)
        .isInstanceOf(AssertionError.class);
  }

  @Test void takingMasksThatTheSpecHasNotIsSeen() {
    StepExecutorContract contract = promisingLess(small().supportsMasks(false));

    assertThatThrownBy(contract::aMaskIsRefusedWhereTheSpecHasNone)
        .isInstanceOf(AssertionError.class);
  }

  @Test void takingAdaptersThatTheSpecHasNotIsSeen() {
    StepExecutorContract contract = promisingLess(small().supportsAdapters(false));

    assertThatThrownBy(contract::anAdapterIsRefusedWhereTheSpecHasNone)
        .isInstanceOf(AssertionError.class);
  }

  @Test void takingMoreLogprobsThanTheSpecHasIsSeen() {
    StepExecutorContract contract = promisingLess(small().maxNumLogprobs(3));

    assertThatThrownBy(contract::moreLogprobsAreRefusedThanTheSpecHas)
        .isInstanceOf(AssertionError.class);
  }

  @Test void takingCopiesThatTheSpecHasNotIsSeen() {
    StepExecutorContract contract = promisingLess(small().supportsBlockCopies(false));

    assertThatThrownBy(contract::aCopyIsRefusedWhereTheSpecHasNone)
        .isInstanceOf(AssertionError.class);
  }

  @Test void takingChunksThatTheSpecHasNotIsSeen() {
    StepExecutorContract contract = promisingLess(small().chunkUnit(4));

    assertThatThrownBy(contract::aChunkIsRefusedThatIsNoMultipleOfTheUnit)
        .isInstanceOf(AssertionError.class);
  }

  @Test void takingPromptsBesideDecodesThatTheSpecHasNotIsSeen() {
    StepExecutorContract contract = promisingLess(small().mixesPrefillAndDecode(false));

    assertThatThrownBy(contract::aPromptBesideADecodeIsRefusedWhereTheyDoNotMix)
        .isInstanceOf(AssertionError.class);
  }

  private static ExecutorSpec.Builder small() {
    return ExecutorSpec.builder().vocabularySize(256).maxModelLen(64).blockSize(4).numBlocks(64)
        .numSlots(8).maxNumRows(4).maxNumBatchedTokens(64);
  }

  /** The contract of an executor that can more than it says, and does it. */
  private static StepExecutorContract promisingLess(ExecutorSpec.Builder promise) {
    StepExecutorContract contract = new StepExecutorContract() {
      @Override protected StepExecutor create(ExecutorSpec wanted) {
        return new PromisesLess(HashModelExecutor.completingAtOnce(wanted), promise.build());
      }
    };
    contract.open();
    return contract;
  }

  @Test void roundingThatDependsOnTheBatchIsSeen() {
    StepExecutorContract contract = new StepExecutorContract() {
      @Override protected StepExecutor create(ExecutorSpec wanted) {
        return new RoundsByRows(HashModelExecutor.completingAtOnce(wanted));
      }
    };
    contract.open();

    contract.chunksChangeNoBit();
    assertThatThrownBy(contract::strangersInTheBatchChangeNoBit)
        .isInstanceOf(AssertionError.class);
  }

  /** Reports log-probabilities that are a bit greater in company. */
  private static final class RoundsByRows extends Passing {
    RoundsByRows(StepExecutor inner) {
      super(inner);
    }

    @Override public boolean poll(StepResult result) {
      StepResult exact = new StepResult(4, 7, 20);
      if (!super.poll(exact)) {
        return false;
      }
      result.reset(exact.stepId(), exact.numRows());
      for (int row = 0; row < exact.numRows(); row++) {
        for (int i = 0; i < exact.numTokens(row); i++) {
          result.addToken(row, exact.token(row, i));
          float logprob = exact.logprob(row, i);
          result.setLogprob(row, exact.numRows() == 1 ? logprob : Math.nextUp(logprob));
        }
      }
      return true;
    }
  }

  /** Has a spec that is not its own. */
  private static final class PromisesLess extends Passing {
    private final ExecutorSpec promised;

    PromisesLess(StepExecutor inner, ExecutorSpec promised) {
      super(inner);
      this.promised = promised;
    }

    @Override public ExecutorSpec spec() {
      return promised;
    }
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
