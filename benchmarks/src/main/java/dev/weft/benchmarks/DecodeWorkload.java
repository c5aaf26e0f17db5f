package dev.weft.benchmarks;

/**
 * Steady decode: {@code numRequests} requests with prompts of 1,024 tokens run at once, and each
 * timed step gives one token to each of them. A timed step is {@code plan} and {@code update};
 * making the result of the device between them is not timed.
 *
 * <p>Requests end after 1,024 tokens, which no run reaches, and not after 2^20: a pool of 128
 * blocks a request could not hold that, and {@code add} refuses what can never fit. Statistics are
 * always counted, and a listener is told of every token, so W1s is the same.
 *
 * <p>Others may wait behind them all the time, for one of the places that are all taken.
 */
final class DecodeWorkload {
  private static final int PROMPT_LENGTH = 1024;
  /** Nobody reads these prompts, so they may be short. */
  private static final int PROMPT_LENGTH_OF_WAITING = 64;
  private static final int MAX_NEW_TOKENS = 1024;
  private static final int BLOCKS_PER_REQUEST = 128;
  private static final int NUM_WARM_UP_STEPS = 32;

  private final int numRequests;
  private final int numWaiting;
  private final int numSteps;
  private final MeasuredEngine engine;
  private final StepTimes times;
  private long numRows;

  /** Prefills all requests and runs the warm-up steps; {@code numSteps} are to be timed. */
  DecodeWorkload(EngineKind kind, int numRequests, int numWaiting, int numSteps) {
    this.numRequests = numRequests;
    this.numWaiting = numWaiting;
    this.numSteps = numSteps;
    engine = kind.start(MeasuredLimits.of(numRequests, numRequests * BLOCKS_PER_REQUEST + 1)
        .withWaiting(Math.max(numRequests, numWaiting)));
    times = StepTimes.inMicros("step", 1, numSteps);
    add(0, numRequests, PROMPT_LENGTH);
    while (engine.step() < numRequests) {
      // A prompt is not computed yet.
    }
    add(numRequests, numWaiting, PROMPT_LENGTH_OF_WAITING);
    for (int i = 0; i < NUM_WARM_UP_STEPS; i++) {
      engine.step();
    }
  }

  private void add(int firstId, int count, int promptLength) {
    for (int i = firstId; i < firstId + count; i++) {
      engine.add(i, Prompts.ofSeed(i + 1, promptLength), MAX_NEW_TOKENS);
    }
  }

  /**
   * Runs the timed steps and hands in what JMH is to report.
   *
   * @throws IllegalStateException when the work done is not that of the definition
   */
  void run() {
    Work work = new Work("decode of " + numRequests, numSteps);
    int numFreeBefore = engine.numFreeBlocks();
    int numCachedBefore = engine.numCachedBlocks();
    long numDeliveredBefore = engine.numTokensDelivered();
    long numRecordedBefore = engine.numBytesRecorded();
    work.begin();
    for (int i = 0; i < numSteps; i++) {
      times.start();
      engine.plan();
      times.pause();
      requireDecode();
      engine.complete();
      times.resume();
      engine.update();
      times.stop();
    }
    work.end();
    times.report();
    work.reportAllocation();
    long numTokens = (long) numRequests * numSteps;
    long numBlocks = numTokens / MeasuredLimits.BLOCK_SIZE;
    work.count("rows", numRows, numTokens);
    work.count("blocksTaken", numFreeBefore - engine.numFreeBlocks(), numBlocks);
    work.count("blocksKeyed", engine.numCachedBlocks() - numCachedBefore, numBlocks);
    work.count("tokensAppended", engine.numTokensDelivered() - numDeliveredBefore, numTokens);
    work.reportMean("recordedBytesPerStep", engine.numBytesRecorded() - numRecordedBefore, "B");
    work.require("waiting", engine.numWaiting(), numWaiting);
  }

  private void requireDecode() {
    numRows += engine.numRows();
    if (engine.numRows() != numRequests || engine.numTokens() != numRequests) {
      throw new IllegalStateException("a step of " + engine.numRows() + " rows and "
          + engine.numTokens() + " tokens, must be " + numRequests);
    }
  }
}
