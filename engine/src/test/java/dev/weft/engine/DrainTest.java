package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.testkit.FirstComePolicy;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Ends of an engine that wait for what it has: in time, cut off, and met by other ends. */
final class DrainTest {
  private final StubbornExecutor executor = new StubbornExecutor(spec(2));
  private final EngineHarness harness = new EngineHarness(executor);
  private final WeftEngine engine = harness.engine;

  private static DrainReport reportOf(CompletionStage<DrainReport> drain) {
    return Patience.join(drain);
  }

  private static boolean isDone(CompletionStage<DrainReport> drain) {
    return drain.toCompletableFuture().isDone();
  }

  @Test void whatLivesFinishes() throws InterruptedException {
    harness.addMany(6);
    engine.runOnce();
    CompletionStage<DrainReport> drain = engine.drain(Duration.ofSeconds(1));
    harness.generations.get(6L).cancel();
    assertThat(engine.health().state()).isEqualTo(Health.State.DRAINING);
    assertThat(engine.health().isReady()).isFalse();
    assertThat(engine.health().isLive()).isTrue();

    engine.runUntilIdle();

    assertThat(reportOf(drain)).isEqualTo(new DrainReport(6, List.of()));
    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(5);
    harness.assertAllEnded();
  }

  @Test void whatHasNotFinishedInTimeIsCutOffAndReported() throws InterruptedException {
    harness.addMany(6);
    CompletionStage<DrainReport> drain = engine.drain(Duration.ofNanos(500));
    while (harness.reasons.isEmpty()) {
      engine.runStep();
    }
    int numFinished = harness.reasons.size();
    harness.nowNanos += 499;
    engine.runOnce();
    assertThat(isDone(drain)).isFalse();
    numFinished = Math.max(numFinished, harness.reasons.size());

    harness.nowNanos += 1;
    engine.runUntilIdle();

    DrainReport report = reportOf(drain);
    assertThat(report.numFinished()).isEqualTo(numFinished);
    assertThat(report.cutOffRequestIds()).hasSize(6 - numFinished).allSatisfy(id -> {
      assertThat(harness.reasons).containsEntry(id, FinishReason.SHUTDOWN);
      assertThat(harness.generations.get(id).result().isComplete()).isFalse();
      assertThat(harness.generations.get(id).result().message())
          .isEqualTo("cut off: the engine drains, and its time is over");
    });
    harness.assertAllEnded();
  }

  @Test void idleEngineHasDrainedInTheNextRound() {
    CompletionStage<DrainReport> drain = engine.drain(Duration.ofSeconds(1));
    assertThat(isDone(drain)).isFalse();

    engine.runOnce();

    assertThat(reportOf(drain)).isEqualTo(new DrainReport(0, List.of()));
  }

  @Test void secondDrainIsTheFirst() {
    harness.addMany(1);
    CompletionStage<DrainReport> first = engine.drain(Duration.ofNanos(10));
    CompletionStage<DrainReport> second = engine.drain(Duration.ofDays(1));

    harness.nowNanos += 10;
    engine.runOnce();

    assertThat(reportOf(first)).isEqualTo(new DrainReport(0, List.of(1L)));
    assertThat(reportOf(second)).isEqualTo(reportOf(first));
  }

  @Test void blockedRequestsAreCutOff() throws InterruptedException {
    harness.add(request(1, 5, 5).blockedBy(BlockReason.HOST).build());
    harness.add(request(2, 5, 5).build());
    CompletionStage<DrainReport> drain = engine.drain(Duration.ofNanos(10));
    engine.runUntilIdle();
    assertThat(isDone(drain)).isFalse();

    harness.nowNanos += 10;
    engine.runUntilIdle();

    assertThat(reportOf(drain)).isEqualTo(new DrainReport(1, List.of(1L)));
    harness.assertAllEnded();
  }

  @Test void whatTheSchedulerHasNoRoomForIsCutOffToo() {
    engine.control(scheduler -> {
      scheduler.pause(PauseMode.NEW);
      harness.addMany(3);
      scheduler.setCaps(new LiveCaps(4, 16, 1));
      return null;
    });
    engine.runOnce();
    CompletionStage<DrainReport> drain = engine.drain(Duration.ofNanos(10));

    harness.nowNanos += 10;
    engine.runOnce();

    assertThat(reportOf(drain)).isEqualTo(new DrainReport(0, List.of(1L, 2L, 3L)));
    assertThat(engine.isIdle()).isTrue();
  }

  @Test void drainForEverIsPossible() throws InterruptedException {
    harness.addMany(2);
    CompletionStage<DrainReport> drain = engine.drain(ChronoUnit.FOREVER.getDuration());

    engine.runUntilIdle();

    assertThat(reportOf(drain).numFinished()).isEqualTo(2);
  }

  // ---- met by other ends

  @Test void closeEndsADrain() {
    harness.addMany(3);
    engine.runOnce();
    CompletionStage<DrainReport> drain = engine.drain(Duration.ofDays(1));

    engine.close();

    assertThat(reportOf(drain)).isEqualTo(new DrainReport(0, List.of(1L, 2L, 3L)));
    assertThat(engine.health().state()).isEqualTo(Health.State.CLOSED);
  }

  @Test void closedEngineHasDrained() {
    engine.close();

    assertThat(reportOf(engine.drain(Duration.ZERO))).isEqualTo(new DrainReport(0, List.of()));
  }

  @Test void drainThatMeetsTheClosingIsAnswered() {
    AtomicLong numAnswered = new AtomicLong();
    executor.onClose = () -> {
      Patience.join(engine.drain(Duration.ofDays(1)));
      numAnswered.incrementAndGet();
    };

    engine.close();

    assertThat(numAnswered).hasValue(1);
  }

  @Test void deathOfTheExecutorEndsADrain() {
    executor.device.dieAt(1);
    harness.addMany(1);
    engine.runOnce();
    CompletionStage<DrainReport> drain = engine.drain(Duration.ofDays(1));
    executor.device.completeNext();

    engine.runOnce();

    assertThat(reportOf(drain)).isEqualTo(new DrainReport(0, List.of(1L)));
    assertThat(harness.reasons).containsEntry(1L, FinishReason.ERROR);
  }

  @Test void brokenPolicyCannotHoldUpACutOff() {
    WeftEngine broken = WeftEngine.builder(new StubbornExecutor(spec(1)))
        .clock(() -> harness.nowNanos).policy(new BrokenAtTheEnd()).build();
    Generation first = broken.submit(request(1, 5, 5).build()).generation();
    Generation second = broken.submit(request(2, 5, 5).build()).generation();
    broken.runOnce();
    CompletionStage<DrainReport> drain = broken.drain(Duration.ofNanos(10));
    harness.nowNanos += 10;

    assertThatThrownBy(broken::runOnce).isInstanceOf(LinkageError.class);
    broken.runOnce();

    assertThat(first.result().isComplete()).isFalse();
    assertThat(second.result().isComplete()).isFalse();
    assertThat(reportOf(drain).cutOffRequestIds()).containsExactlyInAnyOrder(1L, 2L);
    assertThat(broken.health().state()).isEqualTo(Health.State.FAILED);
    broken.close();
  }

  /** Breaks whenever something ends. */
  private static final class BrokenAtTheEnd implements SchedulingPolicy {
    @Override public void plan(StepBuilder step) {
      new FirstComePolicy().plan(step);
    }

    @Override public void onFinish(SequenceView sequence, FinishReason reason) {
      throw new LinkageError("a class is missing");
    }
  }

  // ---- on the engine's own thread

  @Test void ownThreadFinishesWhatLives() {
    executor.isBusy = () -> true; // Until the drain has begun: all six must live then.
    EngineHarness running = new EngineHarness(executor).addMany(6);
    running.engine.start();
    CompletionStage<DrainReport> drain = running.engine.drain(Duration.ofDays(1));
    executor.isBusy = () -> false;

    DrainReport report = reportOf(drain);

    assertThat(report).isEqualTo(new DrainReport(6, List.of()));
    running.engine.close();
    running.assertAllEnded();
  }

  @Test void ownThreadCutsOffWhenTheTimeIsOver() {
    AtomicLong nowNanos = new AtomicLong(1_000);
    WeftEngine running = WeftEngine.builder(executor).clock(nowNanos::get).build().start();
    running.submit(request(1, 5, 5).blockedBy(BlockReason.HOST).build());
    CompletionStage<DrainReport> drain = running.drain(Duration.ofNanos(10));

    nowNanos.addAndGet(10); // Nobody is told, as with a real clock.

    assertThat(reportOf(drain)).isEqualTo(new DrainReport(0, List.of(1L)));
    running.close();
  }

  @Test void idleOwnThreadIsWoken() {
    WeftEngine running = WeftEngine.builder(executor).build().start();

    assertThat(reportOf(running.drain(Duration.ofDays(1))))
        .isEqualTo(new DrainReport(0, List.of()));
    running.close();
  }
}
