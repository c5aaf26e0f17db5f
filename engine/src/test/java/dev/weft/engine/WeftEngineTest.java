package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.HashModelExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine whose executor works. */
final class WeftEngineTest {
  @ParameterizedTest @ValueSource(ints = {1, 2, 4})
  void tokensAreThoseOfTheRequestAlone(int maxInFlight) throws InterruptedException {
    EngineHarness atOnce =
        new EngineHarness(HashModelExecutor.completingAtOnce(spec(maxInFlight))).addMany(20);
    EngineHarness later = new EngineHarness(new StubbornExecutor(spec(maxInFlight))).addMany(20);

    for (EngineHarness harness : List.of(atOnce, later)) {
      harness.engine.runUntilIdle();

      assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(20);
      harness.assertAllEnded();
    }
  }

  @Test void samplesOfOneRequestAreThoseOfTheRequestAlone() throws InterruptedException {
    EngineHarness harness = new EngineHarness(new StubbornExecutor(spec(2)));
    harness.add(request(1, 9, 6).sampling(SamplingParameters.builder().maxNewTokens(6)
        .temperature(1).numSamples(3).build()).build());

    harness.engine.runUntilIdle();

    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(3);
    harness.assertAllEnded();
  }

  @Test void runOnceSaysWhetherItDidSomething() {
    HashModelExecutor device = HashModelExecutor.completingOnDemand(spec(1));
    EngineHarness harness = new EngineHarness(device);
    assertThat(harness.engine.runOnce()).as("without a request").isFalse();
    harness.add(request(1, 5, 2).build());

    assertThat(harness.engine.runOnce()).as("a step is submitted").isTrue();
    assertThat(harness.engine.runOnce()).as("the device computes").isFalse();
    device.completeNext();
    assertThat(harness.engine.runOnce()).as("a step is applied, the next submitted").isTrue();
    device.completeNext();
    assertThat(harness.engine.runOnce()).as("the last step is applied").isTrue();
    assertThat(harness.engine.runOnce()).as("everything has ended").isFalse();
    harness.assertAllEnded();
  }

  @Test void runOnceFillsThePipeline() {
    HashModelExecutor device = HashModelExecutor.completingOnDemand(spec(4));
    EngineHarness harness = new EngineHarness(device).add(request(1, 5, 8).build());

    harness.engine.runOnce();

    assertThat(device.numInFlight()).isEqualTo(4);
  }

  @Test void idleEngineReturnsAtOnce() throws InterruptedException {
    StubbornExecutor executor = new StubbornExecutor(spec(1));

    new EngineHarness(executor).engine.runUntilIdle();

    assertThat(executor.numAwaits).isZero();
  }

  @Test void requestAbortedInFlightEndsAndHarmsNobody() throws InterruptedException {
    EngineHarness harness = new EngineHarness(new StubbornExecutor(spec(2))).addMany(4);
    harness.engine.runOnce();

    harness.generations.get(2L).cancel();
    harness.generations.get(2L).cancel();
    harness.engine.runOnce();
    assertThat(harness.reasons).containsEntry(2L, FinishReason.ABORT);
    harness.engine.runUntilIdle();

    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(3);
    harness.assertAllEnded();
  }

  @Test void refusalsPassThrough() {
    EngineHarness harness =
        new EngineHarness(HashModelExecutor.completingAtOnce(spec(1))).addMany(1);

    assertThat(harness.engine.submit(request(1, 5, 5).build()).refusal())
        .isEqualTo(Refusal.DUPLICATE_ID);
    assertThat(harness.engine.submit(request(2, 64, 1).build()).refusal())
        .isEqualTo(Refusal.PROMPT_TOO_LONG);
    assertThat(harness.engine.submit(Request.builder(2, 97).build()).refusal())
        .isEqualTo(Refusal.INVALID_TOKEN);
    assertThat(harness.engine.submit(request(2, 5, 5).deadlineNanos(1_000).build()).refusal())
        .isEqualTo(Refusal.EXPIRED);
    assertThat(harness.engine.numLiveRequests()).isEqualTo(1);
  }

  @Test void deadlinesAreTimesOfTheInjectedClock() {
    HashModelExecutor device = HashModelExecutor.completingOnDemand(spec(2));
    EngineHarness harness = new EngineHarness(device);
    harness.add(request(1, 5, 5).deadlineNanos(2_000).build());
    harness.engine.runOnce();

    harness.nowNanos = 1_999;
    device.completeNext();
    harness.engine.runOnce();
    assertThat(harness.reasons).isEmpty();
    harness.nowNanos = 2_000;
    device.completeNext();
    harness.engine.runOnce();

    assertThat(harness.reasons).containsEntry(1L, FinishReason.DEADLINE);
  }

  @Test void interruptedEngineCanGoOn() throws InterruptedException {
    StubbornExecutor executor = new StubbornExecutor(spec(2));
    EngineHarness harness = new EngineHarness(executor).addMany(4);
    executor.interruptsNextAwait = true;

    assertThatThrownBy(harness.engine::runUntilIdle).isInstanceOf(InterruptedException.class);
    harness.engine.runUntilIdle();

    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(4);
    harness.assertAllEnded();
  }

  @Test void callFromACallbackIsRefusedAndHarmsNobody() throws InterruptedException {
    List<Consumer<WeftEngine>> calls =
        List.of(WeftEngine::runOnce, WeftEngineTest::runUntilIdle, WeftEngine::close);
    for (Consumer<WeftEngine> call : calls) {
      EngineHarness harness = new EngineHarness(new StubbornExecutor(spec(2))).addMany(4);
      harness.onToken = () -> call.accept(harness.engine);

      harness.engine.runUntilIdle();

      assertThat(harness.failure).isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("called from a policy, a mask or a listener");
      assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(4);
      assertThat(harness.engine.health().isReady()).isTrue();
      harness.assertAllEnded();
    }
  }

  @Test void drainThatBeginsInARoundReportsWhatThatRoundEnds() {
    EngineHarness harness =
        new EngineHarness(HashModelExecutor.completingAtOnce(spec(1))).addMany(6);
    List<CompletionStage<DrainReport>> reports = new ArrayList<>();
    harness.onToken = () -> reports.add(harness.engine.drain(Duration.ZERO));

    while (harness.engine.runOnce()) {
      assertThat(reports.size()).as("drained at the first token").isLessThan(7);
    }

    DrainReport report = reports.get(0).toCompletableFuture().orTimeout(60, SECONDS).join();
    assertThat(report.cutOffRequestIds()).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(report.numFinished()).isZero();
    harness.assertAllEnded();
  }

  private static void runUntilIdle(WeftEngine engine) {
    try {
      engine.runUntilIdle();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
