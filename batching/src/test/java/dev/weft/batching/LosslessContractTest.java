package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import dev.weft.testkit.LosslessContract;
import dev.weft.testkit.SchedulerDriver;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The contract of lossless drafts sees executors and drafters that break it. */
final class LosslessContractTest {
  private static void repeatTheLastToken(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int last = batch.tokens(i).token(batch.tokens(i).numTokens() - 1);
      batch.propose(i, new Drafts().add(last).add(last));
    }
  }

  @Test void whatKeepsItIsNotBlamed() {
    Subject subject = new Subject(executor -> executor, batch -> { });

    assertThatCode(subject::rightDraftsAreAcceptedAndChangeNoToken).doesNotThrowAnyException();
    assertThatCode(subject::draftsChangeNoTokenInABatch).doesNotThrowAnyException();
    assertThatCode(subject::noProposalIsRefused).doesNotThrowAnyException();
  }

  @Test void aWrongTokenBehindAcceptedDraftsIsSeen() {
    Subject subject = new Subject(SamplesWrongly::new, batch -> { });

    assertThatThrownBy(subject::rightDraftsAreAcceptedAndChangeNoToken)
        .isInstanceOf(AssertionError.class).hasMessageContaining("with drafts");
  }

  @Test void aTreeThatIsNotClosedUpIsSeen() {
    Subject subject = new Subject(KeepsFirstBranch::new, batch -> { });

    assertThatThrownBy(subject::rightDraftsAreAcceptedAndChangeNoToken)
        .isInstanceOf(AssertionError.class).hasMessageContaining("with drafts");
  }

  @Test void aDrafterThatPeeksAndThrowsIsSeen() {
    Subject subject =
        new Subject(executor -> executor, batch -> batch.tokens(batch.numSequences()).token(0));

    assertThatThrownBy(subject::noProposalIsRefused)
        .isInstanceOf(AssertionError.class).hasMessageContaining("exceptions of the drafter");
    assertThatCode(subject::draftsChangeNoTokenInABatch).doesNotThrowAnyException();
  }

  @Test void draftsThatAreRefusedAreSeen() {
    Subject subject = new Subject(executor -> executor, LosslessContractTest::repeatTheLastToken);

    assertThatThrownBy(subject::noProposalIsRefused)
        .isInstanceOf(AssertionError.class).hasMessageContaining("TOO_MANY");
    assertThatCode(subject::draftsChangeNoTokenInABatch).doesNotThrowAnyException();
  }

  /** The contract with an executor around the hash executor, and a drafter. */
  private static final class Subject extends LosslessContract {
    private final UnaryOperator<StepExecutor> around;
    private final Consumer<DraftBatch> drafter;

    private Subject(UnaryOperator<StepExecutor> around, Consumer<DraftBatch> drafter) {
      this.around = around;
      this.drafter = drafter;
    }

    @Override protected StepExecutor createExecutor(ExecutorSpec wanted) {
      return around.apply(HashModelExecutor.completingAtOnce(wanted));
    }

    @Override protected Drafter createDrafter(ExecutorSpec spec) {
      CalledDrafter called = new CalledDrafter();
      called.proposer = drafter;
      return called;
    }

    @Override protected SchedulerDriver.Factory schedulers() {
      return TestDriver::create;
    }

    @Override protected void draftsChangeNoTokenInABatch() {
      super.draftsChangeNoTokenInABatch();
    }

    @Override protected void noProposalIsRefused() {
      super.noProposalIsRefused();
    }

    @Override protected void rightDraftsAreAcceptedAndChangeNoToken() {
      super.rightDraftsAreAcceptedAndChangeNoToken();
    }
  }

  /** Passes everything on. */
  private abstract static class Around implements StepExecutor {
    final StepExecutor executor;

    private Around(StepExecutor executor) {
      this.executor = executor;
    }

    @Override public ExecutorSpec spec() {
      return executor.spec();
    }

    @Override public boolean submit(StepPlan plan) {
      return executor.submit(plan);
    }

    @Override public boolean poll(StepResult result) {
      return executor.poll(result);
    }

    @Override public boolean await(long timeoutNanos) throws InterruptedException {
      return executor.await(timeoutNanos);
    }

    @Override public ExecutorState state() {
      return executor.state();
    }

    @Override public String failureMessage() {
      return executor.failureMessage();
    }

    @Override public long lastGoodStepId() {
      return executor.lastGoodStepId();
    }

    @Override public void close() {
      executor.close();
    }
  }

  /** Says another token behind accepted drafts. */
  private static final class SamplesWrongly extends Around {
    private SamplesWrongly(StepExecutor executor) {
      super(executor);
    }

    @Override public boolean poll(StepResult result) {
      StepResult right = new StepResult(spec().maxNumRows(), spec().maxNumDraftTokens(), 0);
      if (!executor.poll(right)) {
        return false;
      }
      result.reset(right.stepId(), right.numRows());
      for (int row = 0; row < right.numRows(); row++) {
        int last = right.numTokens(row) - 1;
        for (int i = 0; i <= last; i++) {
          boolean isWrong = i == last && last > 0;
          result.addToken(row, (right.token(row, i) + (isWrong ? 1 : 0)) % spec().vocabularySize());
        }
      }
      return true;
    }
  }

  /** Where another branch than the first was accepted, reads the first one afterwards. */
  private static final class KeepsFirstBranch extends Around {
    private final ArrayDeque<StepPlan> inFlight = new ArrayDeque<>();
    /** By slot: the rejected token that stands where an accepted one should. */
    private final Map<Integer, Integer> rejected = new HashMap<>();

    private KeepsFirstBranch(StepExecutor executor) {
      super(executor);
    }

    @Override public boolean submit(StepPlan plan) {
      inFlight.add(plan);
      return executor.submit((StepPlan) Proxy.newProxyInstance(StepPlan.class.getClassLoader(),
          new Class<?>[] {StepPlan.class}, (proxy, method, arguments) -> {
            if (method.getName().equals("token") && (int) arguments[1] == 0
                && !plan.isFirstTokenOnDevice((int) arguments[0])) {
              Integer token = rejected.get(plan.slot((int) arguments[0]));
              return token != null ? token : plan.token((int) arguments[0], 0);
            }
            try {
              return method.invoke(plan, arguments);
            } catch (InvocationTargetException e) {
              throw e.getCause();
            }
          }));
    }

    @Override public boolean poll(StepResult result) {
      if (!executor.poll(result)) {
        return false;
      }
      StepPlan plan = inFlight.remove();
      for (int row = 0; row < plan.numRows(); row++) {
        rejected.remove(plan.slot(row));
        int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
        if (plan.hasDraftTree(row) && result.numTokens(row) == 2
            && result.token(row, 0) != plan.token(row, firstDraft)) {
          rejected.put(plan.slot(row), plan.token(row, firstDraft));
        }
      }
      return true;
    }
  }
}
