package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several steps in flight. */
final class OverlapTest {
  private static SchedulerHarness harness(int maxInFlight) {
    return SchedulerHarness.builder().limits(limits -> limits.maxInFlight(maxInFlight)).build();
  }

  @ParameterizedTest
  @CsvSource({"1, 40", "2, 40", "3, 40", "4, 40", "16, 40", "1, 9", "2, 9", "4, 9", "16, 9"})
  void anyNumberOfStepsInFlightGivesTheSameTokens(int maxInFlight, int numBlocks) {
    SchedulerHarness harness = SchedulerHarness.builder()
        .cache(TestKvCache.withPrefixes(numBlocks, SchedulerHarness.BLOCK_SIZE))
        .limits(limits -> limits.maxInFlight(maxInFlight).maxNumBatchedTokens(9)).build();
    Request[] requests = {request(1, 20, 7), samples(2, 7, 6, 2),
        asking(3, 5, SamplingParameters.sampled(9, 0.7f, 3)).build(),
        asking(4, 9, SamplingParameters.builder().maxNewTokens(12).stopTokenIds(3, 30, 60, 90)
            .build()).adapterId(1).build(),
        Request.builder(5, SchedulerHarness.prompt(1, 19))
            .sampling(SamplingParameters.greedy(5)).build()};

    harness.add(requests).run().assertRanAsIfAlone(requests).assertAllReturned();
  }

  @Test void nextStepTakesTheTokenThatIsStillOnTheDevice() {
    SchedulerHarness harness = harness(2).add(request(1, 5, 9));
    assertThat(harness.plan().isFirstTokenOnDevice(0)).isFalse();

    StepPlan second = harness.plan();

    assertThat(second.startPosition(0)).isEqualTo(5);
    assertThat(second.isFirstTokenOnDevice(0)).isTrue();
    assertThat(second.token(0, 0)).isEqualTo(-1);
    harness.complete();
    assertThat(second.isFirstTokenOnDevice(0)).isTrue(); // Frozen although it was read meanwhile.
  }

  @Test void tokenThatWasReadComesFromTheHost() {
    SchedulerHarness harness = harness(2).add(request(1, 5, 9));
    harness.step();

    StepPlan plan = harness.plan();

    assertThat(plan.isFirstTokenOnDevice(0)).isFalse();
    assertThat(plan.token(0, 0)).isEqualTo(harness.heard.tokens(1, 0).get(0));
  }

  @Test void noMoreStepsThanTheLimitCanBePlanned() {
    SchedulerHarness harness = harness(2).add(request(1, 5, 9));
    harness.plan();
    assertThat(harness.scheduler.canPlan()).isTrue();
    harness.plan();
    assertThat(harness.scheduler.canPlan()).isFalse();

    assertThatIllegalStateException().isThrownBy(() -> harness.scheduler.plan(harness.now))
        .withMessage("2 steps are in flight, at most 2");

    harness.run().assertRanAsIfAlone(request(1, 5, 9));
  }

  @Test void emptyPlanIsNotInFlightAndTakesNoId() {
    SchedulerHarness harness = harness(2).add(request(1, 5, 1));
    harness.plan();

    StepPlan empty = harness.plan();
    assertThat(empty.isEmpty()).isTrue();
    assertThat(harness.scheduler.stats().numInFlight()).isEqualTo(1);
    assertThat(harness.scheduler.stats().numEmptySteps()).isEqualTo(1);

    harness.complete();
    assertThat(harness.plan().stepId()).isEqualTo(2);
  }

  @ParameterizedTest @ValueSource(ints = {2, 4})
  void planStaysAsItIsUntilItsResultIsApplied(int maxInFlight) {
    SchedulerHarness harness = harness(maxInFlight);
    harness.add(request(1, 5, 9), samples(2, 6, 9, 2));
    StepPlan oldest = harness.plan();
    String text = PlanText.of(oldest);
    while (harness.scheduler.canPlan()) {
      harness.plan();
    }

    harness.abort(1);
    harness.add(request(3, 9, 9));

    assertThat(PlanText.of(oldest)).isEqualTo(text);
  }

  @Test void preemptionInFlightComputesTheSameTokensAgain() {
    SchedulerHarness harness = harness(4);
    Request[] requests = {request(1, 9, 9), request(2, 6, 9)};
    harness.add(requests);
    harness.plan();
    harness.plan();

    harness.plan(step -> {
      step.preempt(step.running().get(1));
      TestPolicy.running(step);
    });

    assertThat(harness.sequence(2).numUnreadTokens()).isEqualTo(2);
    harness.run().assertRanAsIfAlone(requests).assertAllReturned();
    assertThat(harness.heard.events("preempt")).containsExactly(
        "preempt 2/0 for -1 POLICY tokens 7 blocks 2");
  }

  @Test void blockOfAPreemptedSequenceServesTheNextStep() {
    SchedulerHarness harness = SchedulerHarness.builder().plainBlocks(4)
        .limits(limits -> limits.maxInFlight(4)).build();
    Request[] requests = {request(1, 12, 2), request(2, 12, 2)};
    harness.add(requests);
    harness.plan();

    StepPlan next = harness.plan(step -> {
      step.preempt(step.running().get(0));
      TestPolicy.scheduleAll(step, step.waiting().get(0));
    });

    assertThat(next.numRows()).isEqualTo(1);
    harness.run().assertRanAsIfAlone(requests).assertAllReturned();
  }

  @Test void prefixOfAStepInFlightIsFoundByTheNext() {
    SchedulerHarness harness = harness(4);
    Request first = request(1, 9, 5);
    Request second = Request.builder(2, SchedulerHarness.prompt(1, 9))
        .sampling(SamplingParameters.greedy(7)).build();
    harness.add(first).plan();
    harness.add(second);

    assertThat(PlanText.rows(harness.plan())).isEqualTo("1/0@9+1 2/0@8+1");

    harness.run().assertRanAsIfAlone(first, second);
  }

  @Test void prefixOfARowIsFoundInTheSameStep() {
    SchedulerHarness harness = harness(1);
    Request first = request(1, 9, 5);
    Request second = Request.builder(2, SchedulerHarness.prompt(1, 9))
        .sampling(SamplingParameters.greedy(7)).build();

    harness.add(first, second);

    assertThat(harness.step()).isEqualTo("1/0@0+9 2/0@8+1");
    harness.run().assertRanAsIfAlone(first, second);
  }

  @Test void rowWhoseBlocksAreReadInTheSameStepIsNotWithdrawn() {
    SchedulerHarness harness = harness(1);
    Request first = request(1, 9, 5);
    Request second = Request.builder(2, SchedulerHarness.prompt(1, 9))
        .sampling(SamplingParameters.greedy(7)).build();
    harness.add(first, second);

    String rows = harness.step(step -> {
      TestPolicy.everybody(step);
      int budget = step.tokenBudget();
      assertThat(step.preempt(step.waiting().get(0))).isFalse();
      assertThat(step.tokenBudget()).isEqualTo(budget);
      assertThat(step.waiting().get(0).isScheduled()).isTrue();
    });

    assertThat(rows).isEqualTo("1/0@0+9 2/0@8+1");
    assertThat(harness.scheduler.stats().numPreemptions()).isZero();
    harness.run().assertRanAsIfAlone(first, second);
  }

  @Test void rowWhoseReaderWasWithdrawnCanBeWithdrawn() {
    SchedulerHarness harness = harness(1);
    Request first = request(1, 9, 5);
    Request second = Request.builder(2, SchedulerHarness.prompt(1, 9))
        .sampling(SamplingParameters.greedy(7)).build();
    harness.add(first, second);

    String rows = harness.step(step -> {
      TestPolicy.everybody(step);
      assertThat(step.preempt(step.waiting().get(1))).isTrue();
      assertThat(step.preempt(step.waiting().get(0))).isTrue();
      assertThat(step.tokenBudget()).isEqualTo(32);
      assertThat(step.numRows()).isZero();
      assertThat(step.numFreeBlocks()).isEqualTo(64);
    });

    assertThat(rows).isEmpty();
    assertThat(harness.cache.numCachedBlocks()).isZero();
    harness.run().assertRanAsIfAlone(first, second).assertAllReturned();
  }
}
