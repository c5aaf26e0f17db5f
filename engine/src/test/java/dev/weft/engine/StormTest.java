package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * Eight threads submit, cancel, stop, call and close against each other, with consumers of all
 * kinds, on executors that fail; nothing may be lost. System properties {@code weft.storm.ops}
 * (operations; 50,000 unless the nightly profile asks for 1,000,000) and {@code weft.seed} choose.
 * The seed fixes what each thread does and in which order, not how the threads meet.
 */
final class StormTest {
  private static final int NUM_THREADS = 8;
  private static final int NUM_OPS = Integer.getInteger("weft.storm.ops", 50_000);
  private static final long SEED = Long.getLong("weft.seed", 1);

  @Test void everyAcceptedRequestEndsExactlyOnceAndNothingIsKept() {
    try {
      run();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("reproduce: mvn -pl engine -am test -Dtest=StormTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dweft.seed=" + SEED + " -Dweft.storm.ops="
          + NUM_OPS + "  " + e, e);
    }
  }

  private static void run() {
    Storm storm = new Storm(SEED);
    List<Thread> threads = new ArrayList<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    for (int i = 0; i < NUM_THREADS; i++) {
      StormThread work = storm.thread(i, NUM_OPS / NUM_THREADS);
      Thread thread = new Thread(work, "storm-" + i);
      thread.setUncaughtExceptionHandler((t, e) -> failure.compareAndSet(null, e));
      threads.add(thread);
    }
    threads.forEach(Thread::start);
    threads.forEach(thread -> storm.awaitProgressOf(thread, failure));
    if (failure.get() != null) {
      throw new AssertionError("a thread of the storm: " + failure.get(), failure.get());
    }
    threads.clear(); // With them go their hands full of generations.
    storm.closeAll();

    StormCounts counts = storm.counts();
    counts.awaitAllEnded();
    System.getLogger(StormTest.class.getName()).log(System.Logger.Level.INFO, counts.toString());
    counts.check();
    // The storm was one: everything that can happen has happened.
    assertThat(counts.numAccepted()).isGreaterThan(NUM_OPS / 4L);
    assertThat(counts.numClosedEngines()).isGreaterThan(NUM_OPS / 5_000L);
    counts.awaitForgotten();
  }
}
