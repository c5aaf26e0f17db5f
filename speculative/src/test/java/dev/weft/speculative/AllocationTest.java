package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.GrowingDraftBatch;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Drafting with a model allocates nothing once its sequences have slots; measured by the thread's
 * allocation counter over an executor that allocates nothing. The JVM charges a thread now and then
 * for compiling what it runs, so one window of many must be free, not all.
 */
class AllocationTest {
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int MAX_NUM_WINDOWS = 60;
  private static final int NUM_CALLS = 50;
  private static final int NUM_PROMPT_TOKENS = 20;
  private static final int MAX_GROWTH = 3;
  private static final int VOCABULARY_SIZE = 16;

  /** What is measured. */
  enum Case { COUPLED, REJECTION, TREE }

  @ParameterizedTest @EnumSource(Case.class)
  void aWarmDrafterAllocatesNothing(Case measured) {
    DraftModel model = DraftModel.over(new CountingExecutor(), () -> 0);
    Drafter drafter = measured == Case.TREE
        ? new TreeDrafter(new ModelExpander(model, 4, 3), 8) : new ModelDrafter(model, 4);
    GrowingDraftBatch batch = batch(SamplingParameters.builder().temperature(0.7f)
        .verification(measured == Case.REJECTION ? Verification.REJECTION : Verification.COUPLED)
        .build());
    long least = Long.MAX_VALUE;
    for (int window = 0; window < MAX_NUM_WINDOWS && least > 0; window++) {
      for (int i = 0; i < batch.numSequences(); i++) {
        batch.setNumTokens(i, NUM_PROMPT_TOKENS);
      }
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int call = 0; call < NUM_CALLS; call++) {
        drafter.propose(batch);
        for (int i = 0; i < batch.numSequences(); i++) {
          batch.grow(i, 1 + call % MAX_GROWTH);
        }
      }
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(batch.numDrafts()).isPositive();
    assertThat(least).isZero();
  }

  /** Four sequences; the token at a position is a function of the position. */
  private static GrowingDraftBatch batch(SamplingParameters sampling) {
    int[] text = new int[NUM_PROMPT_TOKENS + MAX_GROWTH * NUM_CALLS];
    Arrays.setAll(text, position -> position * 7 % VOCABULARY_SIZE);
    return new GrowingDraftBatch(NUM_PROMPT_TOKENS, 8, text, text, text, text)
        .vocabularySize(VOCABULARY_SIZE).sampling(sampling);
  }

  /** Samples the number of a step; every token is likely. */
  private static final class CountingExecutor implements StepExecutor {
    private final ExecutorSpec spec = DraftExecutors.spec().build();
    private StepPlan plan;

    @Override public ExecutorSpec spec() {
      return spec;
    }

    @Override public boolean submit(StepPlan submitted) {
      plan = submitted;
      return true;
    }

    @Override public boolean poll(StepResult result) {
      if (plan == null) {
        return false;
      }
      result.reset(plan.stepId(), plan.numRows());
      for (int row = 0; row < plan.numRows(); row++) {
        if (plan.isSampled(row)) {
          result.addToken(row, (int) (plan.stepId() % VOCABULARY_SIZE));
          for (int rank = 0; rank < VOCABULARY_SIZE; rank++) {
            result.setTopLogprob(row, rank, (rank + row) % VOCABULARY_SIZE, -0.5f * rank - 0.3f);
          }
        }
      }
      plan = null;
      return true;
    }

    @Override public boolean await(long timeoutNanos) {
      return plan != null;
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
}
