package dev.weft.benchmarks;

/**
 * A workload that goes on for as long as wanted: when it is at its end, it begins anew. Requests
 * are constructed once, and what a round left in the cache is forgotten before the next.
 */
abstract class MinuteLoad {
  final MeasuredEngine engine;
  private final Runnable[] requests;
  private int numAdded;

  private MinuteLoad(MeasuredEngine engine, Runnable[] requests) {
    this.engine = engine;
    this.requests = requests;
  }

  /** W1.decode.1024, or with as many requests as wanted. */
  static MinuteLoad decode(EngineKind kind, int numRequests) {
    return new Decode(
        kind.start(MeasuredLimits.of(numRequests, numRequests * Decode.BLOCKS_PER_REQUEST + 1)),
        numRequests);
  }

  /** W7.churn, or another one of its kind. */
  static MinuteLoad serving(EngineKind engine, ServingKind kind) {
    return new Serving(engine.start(kind.limits()), kind);
  }

  /** Does what lies between two timed steps; afterwards a step can be timed. */
  abstract void prepareStep();

  final boolean hasMore() {
    return numAdded < requests.length;
  }

  final void addUpTo(int count) {
    int end = Math.min(requests.length, numAdded + count);
    for (; numAdded < end; numAdded++) {
      requests[numAdded].run();
    }
  }

  /** Tells who ended last and forgets all prefixes; nobody may be left. */
  final void beginAnew() {
    engine.step();
    engine.clearPrefixes();
    numAdded = 0;
  }

  /** Only steps in which all requests decode are timed; prompts and ends lie between. */
  private static final class Decode extends MinuteLoad {
    private static final int PROMPT_LENGTH = 1024;
    private static final int MAX_NEW_TOKENS = 1024;
    static final int BLOCKS_PER_REQUEST = 128;
    private final int numRequests;
    private int numStepsLeft;

    Decode(MeasuredEngine engine, int numRequests) {
      super(engine, requests(engine, numRequests));
      this.numRequests = numRequests;
    }

    private static Runnable[] requests(MeasuredEngine engine, int numRequests) {
      Runnable[] requests = new Runnable[numRequests];
      for (int i = 0; i < numRequests; i++) {
        requests[i] = engine.prepare(i, Prompts.ofSeed(i + 1, PROMPT_LENGTH), MAX_NEW_TOKENS);
      }
      return requests;
    }

    @Override void prepareStep() {
      if (numStepsLeft == 0) {
        restart();
      }
      numStepsLeft--;
    }

    private void restart() {
      while (!engine.isIdle()) {
        engine.step();
      }
      beginAnew();
      addUpTo(numRequests);
      int numSteps = 1;
      while (engine.step() < numRequests) {
        numSteps++;
      }
      numStepsLeft = MAX_NEW_TOKENS - 1 - numSteps; // Then the first one ends.
    }
  }

  /** Every step is timed; the requests are added between. */
  private static final class Serving extends MinuteLoad {
    private final ServingKind kind;

    Serving(MeasuredEngine engine, ServingKind kind) {
      super(engine, requests(engine, kind));
      this.kind = kind;
    }

    private static Runnable[] requests(MeasuredEngine engine, ServingKind kind) {
      Runnable[] requests = new Runnable[kind.numRequests()];
      for (int i = 0; i < requests.length; i++) {
        requests[i] = engine.prepare(i, kind.prompt(i), kind.maxNewTokens());
      }
      return requests;
    }

    @Override void prepareStep() {
      if (engine.isIdle() && !hasMore()) {
        beginAnew();
      }
      addUpTo(kind.numRequestsPerStep());
    }
  }
}
