package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.FinishReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps that fail, executors that die, and engines that are closed. */
final class EngineFailureTest {
  @ParameterizedTest @ValueSource(ints = {1, 2, 4})
  void everythingEndsWhenTheExecutorDies(int maxInFlight) throws InterruptedException {
    StubbornExecutor executor = new StubbornExecutor(spec(maxInFlight));
    executor.device.dieAt(3);
    EngineHarness harness = new EngineHarness(executor).addMany(10);

    harness.engine.runUntilIdle();

    assertThat(harness.oracle.numFinished(FinishReason.ERROR)).isPositive();
    assertThat(harness.oracle.numFinished(FinishReason.SHUTDOWN)).isPositive();
    harness.assertAllEnded();
    assertThat(harness.engine.health().isLive()).isFalse();
    assertThat(harness.engine.health().message()).isEqualTo("died in step 3");
    assertThat(harness.engine.runOnce()).isFalse();
  }

  @Test void deadEngineRefusesAndSaysWhy() throws InterruptedException {
    StubbornExecutor executor = new StubbornExecutor(spec(1));
    executor.device.dieAt(1);
    EngineHarness harness = new EngineHarness(executor).addMany(1);
    harness.engine.runUntilIdle();

    Submission result = harness.engine.submit(request(2, 5, 5).build());

    assertThat(result.refusal()).isEqualTo(Refusal.SHUT_DOWN);
    assertThat(result.message()).startsWith("request 2: ").endsWith("died in step 1");
    harness.engine.close();
    assertThat(harness.engine.health().message()).isEqualTo("died in step 1");
  }

  @Test void deathIsSeenInTheNextRound() {
    StubbornExecutor executor = new StubbornExecutor(spec(1));
    executor.device.dieAt(1);
    EngineHarness harness = new EngineHarness(executor).addMany(1);
    harness.engine.runOnce();
    assertThat(harness.engine.health().isReady()).isTrue();

    executor.device.completeNext();
    harness.engine.runOnce();

    assertThat(harness.engine.health().state()).isEqualTo(Health.State.FAILED);
    assertThat(harness.engine.health().message()).isEqualTo("died in step 1");
    assertThat(harness.engine.submit(request(2, 5, 5).build()).refusal())
        .isEqualTo(Refusal.SHUT_DOWN);
  }

  @Test void stepsFinishedBeforeTheDeathCount() {
    StubbornExecutor executor = new StubbornExecutor(spec(2));
    executor.device.dieAt(2);
    EngineHarness harness = new EngineHarness(executor).add(request(1, 5, 8).build());
    harness.engine.runOnce();
    executor.device.completeNext();
    executor.device.completeNext();

    harness.engine.runOnce();

    assertThat(harness.oracle.numTokens()).isEqualTo(1);
    assertThat(harness.reasons).containsEntry(1L, FinishReason.ERROR);
    harness.assertAllEnded();
  }

  @Test void failedStepEndsItsRowsAndNobodyElse() throws InterruptedException {
    StubbornExecutor executor = new StubbornExecutor(spec(2));
    executor.device.failStep(4);
    EngineHarness harness = new EngineHarness(executor).addMany(12);

    harness.engine.runUntilIdle();

    assertThat(harness.oracle.numFinished(FinishReason.ERROR)).isBetween(1, 4);
    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)
        + harness.oracle.numFinished(FinishReason.ERROR)).isEqualTo(12);
    harness.assertAllEnded();
    assertThat(harness.engine.health().isReady()).isTrue();
  }

  @Test void throwingExecutorEndsEverythingAndIsHeardOf() throws InterruptedException {
    StubbornExecutor executor = new StubbornExecutor(spec(2));
    executor.throwsAtStep = 3;
    EngineHarness harness = new EngineHarness(executor).addMany(6);

    assertThatIllegalArgumentException().isThrownBy(harness.engine::runUntilIdle)
        .withMessage("step 3 does not please");

    harness.assertAllEnded();
    assertThat(harness.engine.health().isLive()).isFalse();
    assertThat(harness.engine.health().message()).endsWith("step 3 does not please");
    harness.engine.runUntilIdle();
    assertThat(harness.engine.runOnce()).isFalse();
  }

  @Test void closeEndsEverythingOnce() throws InterruptedException {
    StubbornExecutor executor = new StubbornExecutor(spec(2));
    EngineHarness harness = new EngineHarness(executor).addMany(6);
    harness.engine.runOnce();

    harness.engine.close();
    harness.engine.close();

    assertThat(harness.oracle.numFinished(FinishReason.SHUTDOWN)).isEqualTo(6);
    harness.assertAllEnded();
    assertThat(executor.numCloses).isPositive();
    assertThat(harness.engine.health().state()).isEqualTo(Health.State.CLOSED);
    assertThat(harness.engine.runOnce()).isFalse();
    harness.engine.runUntilIdle();
  }

  @Test void closedEngineRefuses() {
    EngineHarness harness = new EngineHarness(new StubbornExecutor(spec(1)));
    harness.engine.close();

    Submission result = harness.engine.submit(request(1, 5, 5).build());

    assertThat(result.refusal()).isEqualTo(Refusal.SHUT_DOWN);
    assertThat(result.message()).startsWith("request 1: ").endsWith("closed");
  }
}
