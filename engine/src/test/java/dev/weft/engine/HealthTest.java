package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.Health.State;
import dev.weft.schedulerapi.FinishReason;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What probes are told. */
final class HealthTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private final AtomicLong nowNanos = new AtomicLong(1_000);
  private final StubbornExecutor executor = new StubbornExecutor(spec(2));
  private final WeftEngine engine = WeftEngine.builder(executor).clock(nowNanos::get)
      .stepTimeout(TIMEOUT).build();

  private Generation submit() {
    return engine.submit(request(engine.nextRequestId(), 5, 5).build()).generation();
  }

  private void pass(Duration time) {
    nowNanos.addAndGet(time.toNanos());
  }

  @Test void newEngineServes() {
    assertThat(engine.health()).isEqualTo(new Health(State.SERVING, ""));
    assertThat(engine.health().isReady()).isTrue();
    assertThat(engine.health().isLive()).isTrue();
  }

  @Test void executorThatDoesNotReturnStallsTheEngine() {
    CountDownLatch isIn = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    executor.onSubmit = () -> {
      isIn.countDown();
      Patience.await(mayReturn);
    };
    engine.start();
    Generation generation = submit();
    Patience.await(isIn);

    pass(TIMEOUT);
    assertThat(engine.health().state()).isEqualTo(State.SERVING);
    pass(Duration.ofNanos(1));
    assertThat(engine.health().state()).isEqualTo(State.STALLED);
    assertThat(engine.health().message()).startsWith("1 requests live, but the loop has not come");
    assertThat(engine.health().isReady()).isFalse();
    assertThat(engine.health().isLive()).isFalse();

    mayReturn.countDown();
    assertThat(Patience.join(generation.completion()).isComplete()).isTrue();
    assertThat(engine.health().state()).isEqualTo(State.SERVING);
    engine.close();
  }

  @Test void engineThatNobodyDrivesStalls() {
    submit();
    pass(TIMEOUT.plusNanos(1));

    assertThat(engine.health().state()).isEqualTo(State.STALLED);
    engine.runOnce();
    assertThat(engine.health().state()).isEqualTo(State.SERVING);
  }

  @Test void idlenessIsNoStall() {
    pass(TIMEOUT.multipliedBy(3));
    assertThat(engine.health().state()).isEqualTo(State.SERVING);

    submit(); // The loop has had no time yet.

    assertThat(engine.health().state()).isEqualTo(State.SERVING);
    pass(TIMEOUT.plusNanos(1));
    assertThat(engine.health().state()).isEqualTo(State.STALLED);
  }

  @Test void deviceThatHangsIsGivenUp() {
    Generation running = submit();
    engine.runOnce();
    assertThat(executor.device.numInFlight()).isEqualTo(2);

    pass(TIMEOUT.minusNanos(1));
    engine.runOnce();
    assertThat(engine.health().state()).isEqualTo(State.SERVING);
    Generation queued = submit();
    pass(Duration.ofNanos(1));
    engine.runOnce();

    assertThat(engine.health().state()).isEqualTo(State.FAILED);
    assertThat(engine.health().isLive()).isFalse();
    assertThat(engine.health().message()).isEqualTo("no step has completed for 5000 ms with 2 in "
        + "flight; the executor is taken for dead");
    assertThat(running.reason(0)).isEqualTo(FinishReason.ERROR);
    assertThat(running.result().message()).isEqualTo(engine.health().message());
    assertThat(queued.reason(0)).isEqualTo(FinishReason.SHUTDOWN);
    assertThat(engine.submit(request(9, 5, 5).build()).message())
        .contains(engine.health().message());
  }

  @Test void slowDeviceIsNotGivenUp() {
    Generation generation = submit();
    engine.runOnce();
    for (int i = 0; i < 10; i++) {
      pass(TIMEOUT.minusNanos(1));
      executor.device.completeNext();
      engine.runOnce();
    }

    assertThat(engine.health().state()).isEqualTo(State.SERVING);
    assertThat(generation.result().isComplete()).isTrue();
  }

  @Test void timeBetweenRequestsIsNotTheDevices() {
    Generation first = submit();
    engine.runOnce();
    while (first.result() == null) {
      executor.device.completeNext();
      engine.runOnce();
    }
    pass(TIMEOUT.multipliedBy(2));

    submit();
    engine.runOnce();
    engine.runOnce();

    assertThat(engine.health().state()).isEqualTo(State.SERVING);
  }

  @Test void executorClosedByAnotherIsAFailure() {
    Generation generation = submit();
    engine.runOnce();

    executor.device.close();
    engine.runOnce();

    assertThat(engine.health()).isEqualTo(new Health(State.FAILED, "the executor is CLOSED"));
    assertThat(generation.reason(0)).isEqualTo(FinishReason.ERROR);
  }

  @Test void drainingAndClosedEnginesSaySo() {
    engine.drain(Duration.ofDays(1));
    assertThat(engine.health()).isEqualTo(new Health(State.DRAINING, "the engine drains"));

    engine.close();

    assertThat(engine.health()).isEqualTo(new Health(State.CLOSED, "the engine is closed"));
    assertThat(engine.health().isLive()).isFalse();
  }
}
