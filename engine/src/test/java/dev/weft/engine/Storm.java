package dev.weft.engine;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.BooksChecker;
import dev.weft.testkit.HashModelExecutor;
import dev.weft.testkit.SplitMix;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What the threads of a storm share: a few engines, each replaced when it is closed, requests that
 * anybody may cancel, and what must come out.
 */
final class Storm {
  static final int NUM_ENGINES = 3;
  static final int NUM_KINDS = 64;
  static final int MAX_NEW_TOKENS = 8;
  private static final int NUM_SHARED = 256;
  private static final long MAX_STANDSTILL_SECONDS = 60;

  private final long seed;
  private final StormCounts counts = new StormCounts();
  private final AtomicReferenceArray<Served> engines = new AtomicReferenceArray<>(NUM_ENGINES);
  private final AtomicReferenceArray<Generation> shared = new AtomicReferenceArray<>(NUM_SHARED);
  private final AtomicLong numEngines = new AtomicLong();
  private final AtomicLong numOps = new AtomicLong();
  private final int[][] expected = new int[NUM_KINDS][];

  Storm(long seed) {
    this.seed = seed;
    decodeAlone();
    for (int i = 0; i < NUM_ENGINES; i++) {
      engines.set(i, new Served(newEngine()));
    }
  }

  /** What each kind of request says when nobody disturbs it. */
  private void decodeAlone() {
    WeftEngine alone = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(1))).build();
    for (int kind = 0; kind < NUM_KINDS; kind++) {
      Generation generation =
          alone.submit(ofKind(kind, kind).build()).generation();
      while (generation.result() == null) {
        alone.runOnce();
      }
      expected[kind] = generation.result().tokens(0);
    }
    alone.close();
  }

  private static ExecutorSpec spec(int maxInFlight) {
    return ExecutorSpec.builder().vocabularySize(EngineHarness.VOCABULARY_SIZE).maxModelLen(64)
        .blockSize(4).numBlocks(40).numSlots(12).maxNumRows(6).maxNumBatchedTokens(24)
        .maxInFlight(maxInFlight).build();
  }

  /** Requests of one kind have the same prompt and differ in nothing that changes their tokens. */
  static Request.Builder ofKind(int kind, long id) {
    int[] prompt = new int[1 + kind % 13];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = (kind * 31 + i * 7) % EngineHarness.VOCABULARY_SIZE;
    }
    return Request.builder(id, prompt).sampling(SamplingParameters.greedy(MAX_NEW_TOKENS));
  }

  /** The tokens of a whole answer to a request of the kind. */
  int[] expected(int kind) {
    return expected[kind];
  }

  StormThread thread(int index, int numThreadOps) {
    return new StormThread(this, new SplitMix(seed * 1_000 + index), numThreadOps);
  }

  StormCounts counts() {
    return counts;
  }

  Served engine(int index) {
    return engines.get(index);
  }

  /** A request that some thread submitted; null where there was none yet. */
  Generation shared(int index) {
    return shared.get(index % NUM_SHARED);
  }

  void share(int index, Generation generation) {
    shared.set(index % NUM_SHARED, generation);
  }

  void countOp() {
    numOps.incrementAndGet();
  }

  // ---- engines

  /** Engines differ in everything that makes a difference to the loop; the seed fixes how. */
  private WeftEngine newEngine() {
    SplitMix random = new SplitMix(seed * 77 + numEngines.incrementAndGet());
    int maxInFlight = random.between(1, 3);
    HashModelExecutor device = HashModelExecutor.completingAtOnce(spec(maxInFlight));
    if (random.oneIn(3)) {
      device.failStep(random.between(10, 200));
    }
    if (random.oneIn(4)) {
      device.dieAt(random.between(10, 2_000));
    }
    WeftEngineBuilder builder = WeftEngine.builder(device)
        .limits(WeftEngineBuilder.limitsFor(spec(maxInFlight))
            .maxNumWaiting(random.oneOf(8, 64, 300, 1000)).build());
    if (random.oneIn(2)) {
      builder.maxNumWaitingPerTenant(random.between(1, 40));
    }
    return builder.build().start();
  }

  /** Puts a new engine in its place and ends the old one, perhaps with a drain before. */
  void replace(int index, Served old, SplitMix random) {
    boolean isMine = old.isRetired.compareAndSet(false, true);
    if (isMine) {
      engines.set(index, new Served(newEngine()));
    }
    WeftEngine engine = old.engine;
    if (random.oneIn(3)) {
      CompletionStage<DrainReport> drain =
          engine.drain(random.oneIn(2) ? Duration.ZERO : Duration.ofMillis(1));
      if (random.oneIn(2)) {
        Patience.join(drain);
      }
      drain.thenAccept(report -> counts.drained());
    }
    engine.close();
    if (isMine) {
      counts.closed(engine);
      checkClosed(engine);
    }
  }

  private void checkClosed(WeftEngine engine) {
    try {
      engine.scheduler().checkIntegrity();
      new BooksChecker(engine.kvCache()).checkAllFree();
    } catch (IllegalStateException | AssertionError e) {
      counts.wrong("a closed engine, " + engine.health() + ": " + e);
    }
    if (engine.numLiveRequests() != 0 || !engine.isIdle()) {
      counts.wrong("a closed engine has " + engine.numLiveRequests() + " requests");
    }
    String leftovers = engine.intake().leftovers();
    if (!leftovers.isEmpty()) {
      counts.wrong("a closed engine keeps " + leftovers);
    }
  }

  void closeAll() {
    for (int i = 0; i < NUM_ENGINES; i++) {
      WeftEngine engine = engines.get(i).engine;
      engines.set(i, null);
      engine.close();
      engine.close();
      counts.closed(engine);
      checkClosed(engine);
    }
    for (int i = 0; i < NUM_SHARED; i++) {
      shared.set(i, null);
    }
  }

  /** An engine, and whether some thread is about to put another one in its place. */
  static final class Served {
    final WeftEngine engine;
    private final AtomicBoolean isRetired = new AtomicBoolean();

    private Served(WeftEngine engine) {
      this.engine = engine;
    }
  }

  // ---- the end

  /** Waits for a thread of the storm as long as operations are made. */
  void awaitProgressOf(Thread thread, AtomicReference<Throwable> failure) {
    long last = -1;
    long endNanos = 0;
    while (thread.isAlive()) {
      if (numOps.get() != last) {
        last = numOps.get();
        endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_STANDSTILL_SECONDS);
      }
      if (failure.get() != null) {
        return;
      }
      if (System.nanoTime() > endNanos) {
        throw new AssertionError("the storm stands still: " + counts + engineStates());
      }
      joinAWhile(thread);
    }
  }

  private String engineStates() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < NUM_ENGINES; i++) {
      WeftEngine engine = engines.get(i).engine;
      text.append("; ").append(engine.health()).append(' ').append(engine.numLiveRequests())
          .append(" live, ").append(engine.stats().numWaiting()).append(" waiting, ")
          .append(engine.stats().numBlocked()).append(" blocked, ")
          .append(engine.stats().numRunning()).append(" running, ")
          .append(engine.stats().numSteps()).append(" steps, ")
          .append(engine.scheduler().caps());
    }
    return text.toString();
  }

  private static void joinAWhile(Thread thread) {
    try {
      thread.join(100);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
