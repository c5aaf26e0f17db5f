package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.HashModelExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Engines that are closed while several threads do nothing but submit. */
final class CloseRaceTest {
  private static final int NUM_ENGINES = 100;
  private static final int NUM_THREADS = 3;

  @ParameterizedTest @ValueSource(booleans = {false, true})
  void whatWasAcceptedHasEndedWhenCloseReturns(boolean hasOwnThread) {
    for (int i = 0; i < NUM_ENGINES; i++) {
      WeftEngine engine = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(1))).build();
      if (hasOwnThread) {
        engine.start();
      }
      closeAmongSubmitters(engine);
    }
  }

  private static void closeAmongSubmitters(WeftEngine engine) {
    ConcurrentLinkedQueue<Generation> accepted = new ConcurrentLinkedQueue<>();
    AtomicInteger numBusy = new AtomicInteger();
    List<Thread> submitters = new ArrayList<>();
    for (int i = 0; i < NUM_THREADS; i++) {
      Thread thread = new Thread(() -> submitUntilClosed(engine, accepted, numBusy));
      thread.start();
      submitters.add(thread);
    }
    Patience.until(() -> numBusy.get() == NUM_THREADS);

    engine.close();
    int numLive = engine.numLiveRequests();
    submitters.forEach(Patience::join);

    assertThat(numLive).isZero();
    assertThat(accepted).isNotEmpty().allMatch(generation -> generation.result() != null);
    assertThat(engine.intake().leftovers()).isEmpty();
  }

  private static void submitUntilClosed(
      WeftEngine engine, ConcurrentLinkedQueue<Generation> accepted, AtomicInteger numBusy) {
    Submission submission;
    boolean isFirst = true;
    do {
      submission = engine.submit(request(engine.nextRequestId(), 3, 2).build());
      if (submission.isAccepted()) {
        accepted.add(submission.generation());
      }
      if (isFirst) {
        isFirst = false;
        numBusy.incrementAndGet();
      }
    } while (submission.status() != Submission.Status.CLOSED);
  }
}
