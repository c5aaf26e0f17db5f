package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.schedulerapi.Verification;
import java.lang.management.ManagementFactory;
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

  /** What is measured. */
  enum Case { COUPLED, REJECTION, TREE }

  @ParameterizedTest @EnumSource(Case.class)
  void aWarmDrafterAllocatesNothing(Case measured) {
    DraftModel model = DraftModel.over(new CountingExecutor(), () -> 0);
    Drafter drafter = measured == Case.TREE
        ? new TreeDrafter(new ModelExpander(model, 4, 3), 8) : new ModelDrafter(model, 4);
    GrowingBatch batch = new GrowingBatch(SamplingParameters.builder().temperature(0.7f)
        .verification(measured == Case.REJECTION ? Verification.REJECTION : Verification.COUPLED)
        .build());
    long least = Long.MAX_VALUE;
    for (int window = 0; window < MAX_NUM_WINDOWS && least > 0; window++) {
      batch.numTokens = 20;
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int call = 0; call < NUM_CALLS; call++) {
        drafter.propose(batch);
        batch.numTokens += 1 + call % 3;
      }
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(batch.numProposed).isPositive();
    assertThat(least).isZero();
  }

  /** Four sequences; the token at a position is a function of the position. */
  private static final class GrowingBatch implements DraftBatch, TokenSequence {
    private final SamplingParameters sampling;
    private int numTokens;
    private int numProposed;

    GrowingBatch(SamplingParameters sampling) {
      this.sampling = sampling;
    }

    @Override public int numSequences() {
      return 4;
    }

    @Override public int vocabularySize() {
      return 16;
    }

    @Override public int handle(int index) {
      return index;
    }

    @Override public SequenceView sequence(int index) {
      throw new UnsupportedOperationException();
    }

    @Override public SamplingParameters sampling(int index) {
      return sampling;
    }

    @Override public long seed(int index) {
      return index;
    }

    @Override public TokenSequence tokens(int index) {
      return this;
    }

    @Override public int maxNumDraftTokens(int index) {
      return 8;
    }

    @Override public boolean takesTrees() {
      return true;
    }

    @Override public DraftAnswer propose(int index, Drafts drafts) {
      numProposed += drafts.numDrafts();
      return DraftAnswer.TAKEN;
    }

    @Override public int numTokens() {
      return numTokens;
    }

    @Override public int token(int position) {
      return position * 7 % 16;
    }

    @Override public void copyTokens(int position, int[] target, int offset, int count) {
      for (int i = 0; i < count; i++) {
        target[offset + i] = token(position + i);
      }
    }
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
          result.addToken(row, (int) (plan.stepId() % 16));
          for (int rank = 0; rank < 16; rank++) {
            result.setTopLogprob(row, rank, (rank + row) % 16, -0.5f * rank - 0.3f);
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
