package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import org.junit.jupiter.api.Test;

/** A listener may throw from every method: the scheduler goes on and says how often. */
class ListenerFailureTest {
  private static final int NUM_REQUESTS = 5;

  @Test
  void aThrowingListenerHarmsNobody() {
    ThrowingListener listener = new ThrowingListener();
    HashModelExecutor executor = HashModelExecutor.completingAtOnce(
        ExecutorSpec.builder().vocabularySize(97).blockSize(4).numBlocks(20).maxModelLen(64)
            .build());
    SchedulerLimits limits = SchedulerLimits.builder().vocabularySize(97).maxModelLen(64)
        .maxNumSeqs(4).maxNumBatchedTokens(32).build();
    TestKvCache cache = TestKvCache.withPrefixes(19, 4);
    Scheduler scheduler =
        Scheduler.builder(limits, executor.spec(), cache).listener(listener).build();
    for (int id = 0; id < NUM_REQUESTS; id++) {
      assertThat(scheduler.add(SchedulerHarness.request(id, 10, 20), 0).isAccepted()).isTrue();
    }

    runUntilIdle(scheduler, executor, limits);

    assertThat(scheduler.stats().numOutputTokens()).isEqualTo(NUM_REQUESTS * 20);
    assertThat(scheduler.stats().numFinished(FinishReason.LENGTH)).isEqualTo(NUM_REQUESTS);
    assertThat(listener.numTold).isPositive();
    assertThat(scheduler.stats().numListenerFailures()).isEqualTo(2L * listener.numTold);
  }

  private static void runUntilIdle(
      Scheduler scheduler, HashModelExecutor executor, SchedulerLimits limits) {
    StepResult result = StepResult.of(limits);
    while (!scheduler.isIdle()) {
      StepPlan plan = scheduler.plan(0);
      scheduler.checkIntegrity();
      assertThat(plan.isEmpty()).isFalse();
      executor.submit(plan);
      assertThat(executor.poll(result)).isTrue();
      scheduler.update(result, 0);
      scheduler.checkIntegrity();
    }
  }

  /** Throws whatever it is told, its own failures included. */
  private static final class ThrowingListener implements SchedulerListener {
    private int numTold;

    private void fail() {
      numTold++;
      throw new IllegalStateException("listener");
    }

    @Override public void onAdd(Request request, long seed, long nowNanos) {
      fail();
    }

    @Override public void onAdmit(
        long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
      fail();
    }

    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      fail();
    }

    @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
        int numOutputTokens, long nowNanos) {
      fail();
    }

    @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
      fail();
    }

    @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
      fail();
    }

    @Override public void onListenerFailure(RuntimeException failure) {
      throw failure;
    }
  }
}
