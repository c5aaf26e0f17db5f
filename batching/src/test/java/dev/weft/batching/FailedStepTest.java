package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.junit.jupiter.api.Test;

/** What a failed step leaves behind; blocks of 4 positions. */
final class FailedStepTest {
  private final SchedulerLimits limits = TestServer.limits().build();
  private final TestKvCache cache = TestKvCache.withPrefixes(32, 4);
  private final StepResult result = StepResult.of(limits);
  private final Scheduler scheduler = Scheduler.builder(limits,
          ExecutorSpec.builder().blockSize(4).numBlocks(33).maxModelLen(512)
              .vocabularySize(1 << 20).build(), cache)
      .policy(ContinuousBatchingPolicy.fcfs()).build();

  @Test void nothingIsAdmittedWhileATransferPinsAPrefixOfTheFailedStep() {
    add(1);
    StepPlan failing = scheduler.plan(0);
    int pinned = cache.block(scheduler.running().get(0).handle(), 0);
    cache.pin(pinned);
    add(2);
    fail(failing);

    StepPlan held = scheduler.plan(0);
    assertThat(held.numRows()).isZero();
    complete(held); // It detaches the slot of the failed sequence.

    cache.unpin(pinned);
    complete(scheduler.plan(0));
    assertThat(scheduler.stats().numPrefixHitTokens()).isZero();
    assertThat(scheduler.stats().numOutputTokens()).isEqualTo(1);
  }

  private void add(long id) {
    scheduler.add(Request.builder(id, 1, 2, 3, 4, 5, 6, 7, 8, 9)
        .sampling(SamplingParameters.greedy(4)).build(), 0);
  }

  private void fail(StepPlan plan) {
    result.reset(plan.stepId(), plan.numRows());
    result.failStep("on purpose");
    scheduler.update(result, 0);
    scheduler.checkIntegrity();
  }

  private void complete(StepPlan plan) {
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      result.addToken(row, 1);
    }
    scheduler.update(result, 0);
    scheduler.checkIntegrity();
  }
}
