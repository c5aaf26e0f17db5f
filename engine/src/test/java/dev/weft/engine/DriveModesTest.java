package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.testkit.HashModelExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who drives, who must not, and how one hands over to the other. */
final class DriveModesTest {
  private final StubbornExecutor executor = new StubbornExecutor(spec(2));
  private final EngineHarness harness = new EngineHarness(executor);
  private final WeftEngine engine = harness.engine;

  private static void assertStarted(Throwable thrown) {
    assertThat(thrown).isInstanceOf(IllegalStateException.class)
        .hasMessage("the engine was started, its own thread drives it");
  }

  // ---- a thread of its own

  @ParameterizedTest @EnumSource(IdleStrategy.class)
  void ownThreadServesWhateverItDoesWhenIdle(IdleStrategy idle) {
    WeftEngine own = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(2)))
        .idleStrategy(idle).build().start();
    for (int i = 0; i < 20; i++) { // Each comes when there is nothing to do.
      Generation generation = own.submit(request(i, 5, 5).build()).generation();
      assertThat(Patience.join(generation.completion()).isComplete()).isTrue();
    }
    own.close();
  }

  @Test void startedEngineIsNotStartedAgainNorDrivenByOthers() {
    engine.start();

    assertThatIllegalStateException().isThrownBy(engine::start)
        .withMessage("the engine was started before");
    assertThatThrownBy(engine::runOnce).satisfies(DriveModesTest::assertStarted);
    assertThatThrownBy(engine::runStep).satisfies(DriveModesTest::assertStarted);
    assertThatThrownBy(engine::runUntilIdle).satisfies(DriveModesTest::assertStarted);
    assertThatThrownBy(() -> engine.await(1)).satisfies(DriveModesTest::assertStarted);
    engine.close();
    assertThatIllegalStateException().isThrownBy(engine::start).withMessage("the engine is closed");
  }

  @Test void nothingIsGivenToTheCallbackExecutorOnceTheEngineIsClosed() {
    AtomicInteger numLate = new AtomicInteger();
    for (int round = 0; round < 50; round++) {
      AtomicBoolean isClosed = new AtomicBoolean();
      WeftEngine own = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(2)))
          .callbackExecutor(callback -> {
            numLate.addAndGet(isClosed.get() ? 1 : 0);
            callback.run(); // Of listeners that do nothing: the courier hands over many of them.
          }).build().start();
      for (int i = 0; i < 100; i++) {
        own.submit(request(i, 5, 5).build()).generation()
            .listen((sampleIndex, outputIndex, token) -> {});
      }
      own.close();
      isClosed.set(true);
    }

    assertThat(numLate).hasValue(0);
  }

  @Test void threadsComeFromTheFactoryAndEndWithTheEngine() {
    List<Thread> made = new CopyOnWriteArrayList<>();
    WeftEngine own = WeftEngine.builder(executor).threadFactory(run -> {
      Thread thread = new Thread(run);
      made.add(thread);
      return thread;
    }).build();
    assertThat(made).isEmpty();
    own.start();
    assertThat(made).as("one that drives, one that wakes consumers").hasSize(2);

    own.close();

    made.forEach(Patience::join);
  }

  @Test void threadThatCannotBeHadLeavesTheEngineToTheHost() throws InterruptedException {
    WeftEngine own = WeftEngine.builder(executor).threadFactory(run -> {
      throw new OutOfMemoryError("no stack");
    }).build();
    assertThatThrownBy(own::start).isInstanceOf(OutOfMemoryError.class);

    Generation generation = own.submit(request(1, 5, 5).build()).generation();
    own.runUntilIdle();

    assertThat(generation.result().isComplete()).isTrue();
    own.close();
  }

  @Test void interruptedThreadGoesOn() {
    AtomicReference<Thread> driver = new AtomicReference<>();
    executor.onSubmit = () -> driver.set(Thread.currentThread());
    WeftEngine own = WeftEngine.builder(executor).build().start();
    for (int i = 0; i < 100; i++) {
      Generation generation = own.submit(request(i, 5, 5).build()).generation();
      if (driver.get() != null) {
        driver.get().interrupt();
      }
      assertThat(Patience.join(generation.completion()).isComplete()).isTrue();
    }
    own.close();
  }

  @Test void submissionWakesTheSleepingThread() {
    WeftEngine own =
        WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(1))).build().start();
    for (int i = 0; i < 2_000; i++) { // It sleeps without end when nothing is there to do.
      Generation generation = own.submit(request(i, 3, 1).build()).generation();
      assertThat(Patience.join(generation.completion()).isComplete()).isTrue();
    }
    own.close();
  }

  // ---- whatever is thrown where

  @Test void undeclaredExceptionOfTheExecutorEndsEverythingAndNotTheThread() {
    executor.onSubmit = () -> Sneaky.<Object, RuntimeException>raise(new IOException("unplugged"));
    WeftEngine own = WeftEngine.builder(executor).build().start();
    Generation first = own.submit(request(1, 5, 5).build()).generation();

    assertThat(Patience.join(first.completion()).isComplete()).isFalse();
    assertThat(own.health().message()).isEqualTo("java.io.IOException: unplugged");
    assertThat(Patience.failure(own.control(scheduler -> 1)))
        .as("the thread lives").isInstanceOf(IllegalStateException.class);
    own.close();
  }

  @Test void executorThatCannotBeClosedHoldsNobodyUp() {
    executor.onClose = () -> {
      throw new IllegalStateException("stays open");
    };
    WeftEngine own = WeftEngine.builder(executor).build().start();
    Generation generation =
        own.submit(request(1, 5, 5).blockedBy(BlockReason.HOST).build()).generation();

    own.close();
    engine.close(); // The same, by the host.

    assertThat(generation.reason(0)).isEqualTo(FinishReason.SHUTDOWN);
    assertThat(own.health().state()).isEqualTo(Health.State.CLOSED);
    assertThat(executor.numCloses).isEqualTo(2);
  }

  @Test void everythingHasEndedWhileTheExecutorIsBeingClosed() {
    CountDownLatch isIn = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    executor.onClose = () -> {
      isIn.countDown();
      Patience.await(mayReturn);
    };
    WeftEngine own = WeftEngine.builder(executor).build().start();
    Generation generation =
        own.submit(request(1, 5, 5).blockedBy(BlockReason.HOST).build()).generation();
    Thread closer = new Thread(own::close);
    closer.start();
    Patience.await(isIn);

    assertThat(Patience.join(generation.completion()).isComplete()).isFalse();
    assertThat(Patience.failure(own.control(scheduler -> 1))).hasMessage("the engine is closed");
    mayReturn.countDown();
    Patience.join(closer);
  }

  // ---- the host

  @Test void oneStepIsSubmittedAndFinished() throws InterruptedException {
    harness.add(request(1, 5, 3).build());

    assertThat(engine.runStep()).isTrue();
    assertThat(harness.oracle.numTokens()).isEqualTo(1);
    assertThat(engine.stats().numInFlight()).isZero();
    engine.runOnce(); // Two steps in flight, which the next call finishes first.
    assertThat(engine.runStep()).as("the slot is given back").isTrue();
    harness.assertAllEnded();
    assertThat(engine.runStep()).isFalse();
  }

  @Test void hostDrivesByOneThreadAtATime() {
    CountDownLatch isIn = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    executor.onSubmit = () -> {
      isIn.countDown();
      Patience.await(mayReturn);
    };
    harness.add(request(1, 5, 5).build());
    Thread driver = new Thread(engine::runOnce, "the other");
    driver.start();
    Patience.await(isIn);

    assertThatIllegalStateException().isThrownBy(engine::runOnce)
        .withMessage("the engine is driven by thread the other");
    assertThatIllegalStateException().isThrownBy(() -> engine.await(1))
        .withMessage("the engine is driven by thread the other");

    mayReturn.countDown();
    Patience.join(driver);
  }

  @Test void roundUnderWayIsFinishedBeforeTheOwnThreadBegins() {
    CountDownLatch isIn = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    AtomicInteger numInside = new AtomicInteger();
    executor.onSubmit = () -> {
      assertThat(numInside.incrementAndGet()).isEqualTo(1);
      isIn.countDown();
      Patience.await(mayReturn);
      numInside.decrementAndGet();
    };
    WeftEngine handed = WeftEngine.builder(executor).build();
    Generation generation = handed.submit(request(1, 5, 5).build()).generation();
    Thread driver = new Thread(handed::runOnce);
    driver.start();
    Patience.await(isIn);

    handed.start();
    assertThatThrownBy(handed::runOnce).satisfies(DriveModesTest::assertStarted);
    mayReturn.countDown();

    assertThat(Patience.join(generation.completion()).isComplete()).isTrue();
    handed.close();
    Patience.join(driver);
  }

  @Test void closeDuringARoundOfTheHostWaitsForItAndEndsAll() {
    CountDownLatch isIn = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    executor.onSubmit = () -> {
      isIn.countDown();
      Patience.await(mayReturn);
    };
    executor.onClose = () -> assertThat(mayReturn.getCount()).isZero();
    harness.addMany(3);
    Thread driver = new Thread(engine::runOnce);
    driver.start();
    Patience.await(isIn);
    Thread closer = new Thread(engine::close);
    closer.start();
    Patience.until(() -> engine.health().state() == Health.State.CLOSED);

    mayReturn.countDown();
    Patience.join(closer);
    Patience.join(driver);

    assertThat(executor.numCloses).isEqualTo(1);
    harness.assertAllEnded();
  }

  @Test void closeWhileTheHostAwaitsTheDeviceWaitsForIt() {
    CountDownLatch isIn = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    AtomicInteger numInside = new AtomicInteger();
    executor.onAwait = () -> {
      numInside.incrementAndGet();
      isIn.countDown();
      Patience.await(mayReturn);
      numInside.decrementAndGet();
    };
    executor.onClose = () -> assertThat(numInside).as("calls of await").hasValue(0);
    harness.addMany(3);
    engine.runOnce();
    Thread driver = new Thread(() -> awaitUninterrupted(engine));
    driver.start();
    Patience.await(isIn);
    Thread closer = new Thread(engine::close);
    closer.start();
    Patience.until(() -> engine.health().state() == Health.State.CLOSED);

    mayReturn.countDown();
    Patience.join(closer);
    Patience.join(driver);

    assertThat(executor.numCloses).isEqualTo(1);
    harness.assertAllEnded();
  }

  @Test void awaitingHostIsWoken() {
    List<Runnable> news = List.of(() -> harness.addMany(1),
        () -> engine.control(scheduler -> null), () -> engine.drain(Duration.ZERO),
        engine::close);
    for (Runnable thing : news) {
      Thread driver = new Thread(() -> awaitUninterrupted(engine));
      driver.start();
      Patience.until(() -> driver.getState() == Thread.State.TIMED_WAITING
          || driver.getState() == Thread.State.TERMINATED);
      thing.run();
      Patience.join(driver);
      engine.runOnce();
    }
  }

  private static void awaitUninterrupted(WeftEngine engine) {
    try {
      engine.await(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
