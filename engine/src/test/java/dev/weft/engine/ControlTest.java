package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PauseMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Calls that other threads have made on the scheduler by the one that drives. */
final class ControlTest {
  private static final int MAX_NUM_CALLS = 64;
  private final StubbornExecutor executor = new StubbornExecutor(spec(2));
  private final EngineHarness harness = new EngineHarness(executor);
  private final WeftEngine engine = harness.engine;

  private static Object pause(WeftEngine engine, PauseMode mode) {
    return engine.control(scheduler -> {
      scheduler.pause(mode);
      return null;
    });
  }

  @Test void pauseAndResumeTakeEffectInTheNextRound() throws InterruptedException {
    pause(engine, PauseMode.ALL);
    harness.addMany(4);
    engine.runUntilIdle();
    assertThat(harness.oracle.numTokens()).isZero();

    engine.control(scheduler -> {
      scheduler.resume();
      return null;
    });
    engine.runUntilIdle();

    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(4);
    harness.assertAllEnded();
  }

  @Test void answerOfTheCallIsToldOffTheDrivingThread() {
    harness.add(request(1, 5, 5).blockedBy(BlockReason.HOST).build());
    CompletionStage<Boolean> unblocked = engine.control(scheduler -> scheduler.unblock(1));
    CompletionStage<Thread> told = unblocked.thenApply(answer -> Thread.currentThread());
    assertThat(unblocked.toCompletableFuture()).isNotDone();

    CompletionStage<Boolean> again = engine.control(scheduler -> scheduler.unblock(1));
    engine.runOnce();

    assertThat(Patience.join(unblocked)).as("what was submitted before is known").isTrue();
    assertThat(Patience.join(again)).isFalse();
    assertThat(Patience.join(told)).isNotSameAs(Thread.currentThread());
  }

  @Test void exceptionOfACallIsItsAnswerAndNothingElse() throws InterruptedException {
    harness.addMany(2);
    CompletionStage<Object> refused = engine.control(scheduler -> {
      throw new IllegalArgumentException("no");
    });
    CompletionStage<Object> undeclared = engine.control(scheduler ->
        Sneaky.<Object, RuntimeException>raise(new IOException("not declared")));

    engine.runUntilIdle();

    assertThat(Patience.failure(refused)).isInstanceOf(IllegalArgumentException.class);
    assertThat(Patience.failure(undeclared)).isInstanceOf(IOException.class);
    assertThat(engine.health().isReady()).isTrue();
    harness.assertAllEnded();
  }

  @Test void errorOfACallIsAnsweredAndEndsTheEngine() {
    harness.addMany(2);
    CompletionStage<Object> broken = engine.control(scheduler -> {
      throw new LinkageError("a class is missing");
    });

    assertThatThrownBy(engine::runOnce).isInstanceOf(LinkageError.class);

    assertThat(Patience.failure(broken)).isInstanceOf(LinkageError.class);
    assertThat(engine.health().state()).isEqualTo(Health.State.FAILED);
    assertThat(harness.generations.values())
        .allSatisfy(generation -> assertThat(generation.result()).isNotNull());
  }

  @Test void callMayNotDriveOrClose() {
    CompletionStage<Boolean> drives = engine.control(scheduler -> engine.runOnce());
    CompletionStage<Object> closes = engine.control(scheduler -> {
      engine.close();
      return null;
    });

    engine.runOnce();

    assertThat(Patience.failure(drives)).isInstanceOf(IllegalStateException.class)
        .hasMessage("called from a policy, a mask or a listener");
    assertThat(Patience.failure(closes)).isInstanceOf(IllegalStateException.class);
    assertThat(engine.health().isReady()).isTrue();
  }

  @Test void soManyCallsMayWaitAndNotOneMore() {
    List<CompletionStage<Integer>> calls = new ArrayList<>();
    AtomicInteger numMade = new AtomicInteger();
    for (int i = 0; i < MAX_NUM_CALLS; i++) {
      calls.add(engine.control(scheduler -> numMade.incrementAndGet()));
    }

    assertThat(Patience.failure(engine.control(scheduler -> numMade.incrementAndGet())))
        .hasMessage("too many control calls wait to be made");
    engine.runOnce();

    for (int i = 0; i < MAX_NUM_CALLS; i++) {
      assertThat(Patience.join(calls.get(i))).as("in order").isEqualTo(i + 1);
    }
    CompletionStage<Integer> next = engine.control(scheduler -> numMade.incrementAndGet());
    engine.runOnce();
    assertThat(Patience.join(next)).isEqualTo(MAX_NUM_CALLS + 1);
  }

  // ---- when nobody makes calls any more

  @Test void callOnAClosedEngineFails() {
    CompletionStage<Integer> waits = engine.control(scheduler -> 1);
    engine.close();

    assertThat(Patience.failure(waits)).hasMessage("the engine is closed");
    for (int i = 0; i <= MAX_NUM_CALLS; i++) {
      assertThat(Patience.failure(engine.control(scheduler -> 1)))
          .hasMessage("the engine is closed");
    }
  }

  @Test void callThatMeetsTheClosingIsAnswered() {
    AtomicInteger numAnswered = new AtomicInteger();
    executor.onClose = () -> {
      Patience.failure(engine.control(scheduler -> 1));
      numAnswered.incrementAndGet();
    };

    engine.close();

    assertThat(numAnswered).hasValue(1);
  }

  @Test void callOnAFailedEngineFails() {
    executor.device.dieAt(1);
    harness.addMany(1);
    engine.runOnce();
    executor.device.completeNext();
    engine.runOnce();

    CompletionStage<Integer> late = engine.control(scheduler -> 1);
    engine.runOnce();

    assertThat(Patience.failure(late))
        .hasMessage("the engine takes none any more: died in step 1");
  }

  @Test void sleepingThreadIsWokenForACall() {
    engine.start();
    for (int i = 0; i < 1000; i++) { // It sleeps without end when nothing is there to do.
      CompletionStage<Integer> call = engine.control(scheduler -> 7);
      assertThat(Patience.join(call)).isEqualTo(7);
    }
    engine.close();
  }

  @Test void callIsMadeByTheThreadOfTheEngine() {
    CountDownLatch isMade = new CountDownLatch(1);
    Thread[] caller = new Thread[1];
    WeftEngine named = WeftEngine.builder(executor)
        .threadFactory(run -> new Thread(run, "driver")).build().start();
    named.control(scheduler -> {
      caller[0] = Thread.currentThread();
      isMade.countDown();
      return null;
    });

    Patience.await(isMade);

    assertThat(caller[0].getName()).isEqualTo("driver");
    named.close();
    Patience.join(caller[0]);
  }
}
