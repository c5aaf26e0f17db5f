package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.SamplingParameters;
import org.junit.jupiter.api.Test;

/** A policy that grants nothing cannot let work wait for ever. */
final class StallTest {
  private static final int MAX_NUM_EMPTY_STEPS = 5;

  private static SchedulerHarness harness(int maxInFlight) {
    return SchedulerHarness.builder().plainBlocks(8).limits(limits ->
        limits.maxInFlight(maxInFlight).maxNumEmptySteps(MAX_NUM_EMPTY_STEPS)).build();
  }

  private static void planNothing(SchedulerHarness harness, int numSteps) {
    for (int i = 0; i < numSteps; i++) {
      assertThat(harness.plan(step -> {}).numRows()).isZero();
    }
  }

  @Test void oldestSequenceEndsAfterSoManyEmptySteps() {
    SchedulerHarness harness = harness(1).add(request(1, 5, 3), request(2, 5, 3));
    planNothing(harness, MAX_NUM_EMPTY_STEPS - 1);
    assertThat(harness.heard.events("finish")).isEmpty();

    planNothing(harness, 1);

    assertThat(harness.heard.events("finish")).containsExactly(
        "finish 1/0 NO_PROGRESS tokens 0 at 1000");
    planNothing(harness, MAX_NUM_EMPTY_STEPS - 1);
    assertThat(harness.heard.reason(2, 0)).isNull();
    planNothing(harness, 1);
    assertThat(harness.heard.reason(2, 0)).isEqualTo(FinishReason.NO_PROGRESS);
    harness.assertAllReturned();
  }

  @Test void oldestMayBeOneThatRuns() {
    SchedulerHarness harness = harness(1).add(request(1, 5, 3), request(2, 5, 3));
    harness.step(step -> TestPolicy.scheduleAll(step, step.waiting().get(1)));
    harness.step(step -> TestPolicy.scheduleAll(step, step.waiting().get(0)));

    planNothing(harness, MAX_NUM_EMPTY_STEPS);

    assertThat(harness.heard.events("finish")).containsExactly(
        "finish 1/0 NO_PROGRESS tokens 1 at 1000");
    harness.run().assertRanAsIfAlone(request(2, 5, 3)).assertAllReturned();
  }

  @Test void oneRowStartsTheCountAgain() {
    SchedulerHarness harness = harness(1).add(request(1, 5, 9));

    for (int i = 0; i < 3; i++) {
      planNothing(harness, MAX_NUM_EMPTY_STEPS - 1);
      harness.step();
    }

    assertThat(harness.heard.events("finish")).isEmpty();
  }

  @Test void leaderThatMakesNoProgressTakesItsSamplesAlong() {
    SchedulerHarness harness = harness(1).add(samples(1, 5, 3, 3));

    planNothing(harness, MAX_NUM_EMPTY_STEPS);

    assertThat(harness.heard.events("finish")).hasSize(3)
        .allMatch(end -> end.contains("NO_PROGRESS"));
    harness.assertAllReturned();
  }

  @Test void endOfTheOldestIsInTheSameStepsReport() {
    SchedulerHarness harness = harness(1).add(request(1, 5, 3));
    harness.step();

    planNothing(harness, MAX_NUM_EMPTY_STEPS);

    assertThat(harness.scheduler.stats().numFinished(FinishReason.NO_PROGRESS)).isEqualTo(1);
    assertThat(harness.scheduler.stats().numEmptySteps()).isEqualTo(MAX_NUM_EMPTY_STEPS);
  }

  // ---- nobody ends while something is awaited

  private static void assertNobodyEnds(SchedulerHarness harness) {
    for (int i = 0; i < 4 * MAX_NUM_EMPTY_STEPS; i++) {
      assertThat(harness.plan().numRows()).isZero();
    }
    assertThat(harness.heard.events("finish")).isEmpty();
  }

  @Test void nobodyEndsWithoutWork() {
    assertNobodyEnds(harness(1));
  }

  @Test void nobodyEndsWhileAStepIsInFlight() {
    SchedulerHarness harness = harness(2).add(request(1, 5, 1));
    harness.plan();

    assertNobodyEnds(harness);
  }

  @Test void nobodyEndsWhileAMaskIsNotReady() {
    assertNobodyEnds(harness(1).add(asking(1, 5, SamplingParameters.greedy(3))
        .tokenMask((tokens, sampleIndex, words) -> false).build()));
  }

  @Test void nobodyEndsWhileTheHostBlocksIt() {
    assertNobodyEnds(harness(1).add(
        asking(1, 5, SamplingParameters.greedy(3)).blockedBy(BlockReason.REMOTE_KV).build()));
  }

  @Test void nobodyEndsWhileTheHostPauses() {
    for (PauseMode mode : new PauseMode[] {PauseMode.NEW, PauseMode.ALL}) {
      SchedulerHarness harness = harness(1).add(request(1, 5, 3));
      harness.scheduler.pause(mode);
      assertNobodyEnds(harness);
    }
  }

  @Test void nobodyEndsWhileATransferHoldsTheBlocks() {
    SchedulerHarness harness = harness(1).add(request(1, 32, 1));
    harness.plan();
    for (int block = 1; block <= 8; block++) {
      harness.cache.pin(block);
    }
    harness.drain();
    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.LENGTH);
    harness.plan();
    harness.drain();
    harness.heard.events.clear();

    harness.add(request(2, 5, 3));

    assertNobodyEnds(harness);
    for (int block = 1; block <= 8; block++) {
      harness.cache.unpin(block);
    }
    harness.run().assertRanAsIfAlone(request(2, 5, 3));
  }
}
