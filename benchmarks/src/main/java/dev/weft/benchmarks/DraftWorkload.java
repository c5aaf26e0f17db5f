package dev.weft.benchmarks;

import dev.weft.schedulerapi.StepPlan;

/**
 * Steady decode with drafts: as {@link DecodeWorkload}, but each request has four drafts in every
 * step, and the {@code j}-th verification of request {@code i} accepts the first {@code (i + j) mod
 * 5} of them. A timed step is {@code plan}, {@code update} and proposing the next drafts.
 *
 * <p>Drafts begin with the first output token. So the first requests have 1,200 tokens of output
 * when the last prompt of 1,024 is computed, and a request may have 2,048.
 */
final class DraftWorkload {
  private static final int NUM_DRAFT_TOKENS = 4;
  private static final int PROMPT_LENGTH = 1024;
  private static final int MAX_NEW_TOKENS = 2048;
  private static final int BLOCKS_PER_REQUEST = 128;
  private static final int NUM_WARM_UP_STEPS = 16;
  /** After so many steps every request has accepted each count of drafts equally often. */
  private static final int PERIOD = NUM_DRAFT_TOKENS + 1;

  private final int numRequests;
  private final int numSteps;
  private final MeasuredScheduler engine;
  private final StepTimes times;
  private final int[] numVerifications;
  private int numOutputTokens;
  private long numDraftTokens;

  /**
   * Prefills all requests and runs the warm-up steps.
   *
   * @param numSteps to be timed; a multiple of 80, after which each count below is exact
   */
  DraftWorkload(int numRequests, int numSteps) {
    if (numSteps % (PERIOD * MeasuredLimits.BLOCK_SIZE) != 0) {
      throw new IllegalArgumentException("numSteps is " + numSteps + ", must be a multiple of "
          + PERIOD * MeasuredLimits.BLOCK_SIZE);
    }
    this.numRequests = numRequests;
    this.numSteps = numSteps;
    engine = new MeasuredScheduler(
        MeasuredLimits.of(numRequests, numRequests * BLOCKS_PER_REQUEST + 1)
            .withDrafts(NUM_DRAFT_TOKENS));
    times = StepTimes.inMicros("step", 1, numSteps);
    numVerifications = new int[numRequests];
    for (int i = 0; i < numRequests; i++) {
      engine.add(i, Prompts.ofSeed(i + 1, PROMPT_LENGTH), MAX_NEW_TOKENS);
    }
    int numSampled;
    do {
      numSampled = step();
    } while (numSampled < numRequests);
    for (int i = 0; i < NUM_WARM_UP_STEPS; i++) {
      step();
    }
  }

  private int step() {
    engine.plan();
    int numSampled = complete();
    engine.update();
    engine.propose();
    return numSampled;
  }

  /** Samples and verifies; returns rows that were sampled. */
  private int complete() {
    int numSampled = engine.complete();
    StepPlan plan = engine.planned();
    for (int row = 0; row < plan.numRows(); row++) {
      int numDrafts = plan.numDraftTokens(row);
      if (numDrafts > 0) {
        int request = (int) plan.requestId(row);
        int numAccepted = (request + numVerifications[request]++) % PERIOD;
        engine.accept(row, numAccepted);
        numOutputTokens += numAccepted;
        numDraftTokens += numDrafts;
      }
    }
    numOutputTokens += numSampled;
    return numSampled;
  }

  /**
   * Runs the timed steps and hands in what JMH is to report.
   *
   * @throws IllegalStateException when the work done is not that of the definition
   */
  void run() {
    Work work = new Work("drafts of " + numRequests, numSteps);
    int numFreeBefore = engine.numFreeBlocks();
    int numCachedBefore = engine.numCachedBlocks();
    long numDeliveredBefore = engine.numTokensDelivered();
    numOutputTokens = 0;
    numDraftTokens = 0;
    long numRows = 0;
    work.begin();
    for (int i = 0; i < numSteps; i++) {
      times.start();
      engine.plan();
      times.pause();
      numRows += engine.numRows();
      complete();
      times.resume();
      engine.update();
      engine.propose();
      times.stop();
    }
    work.end();
    times.report();
    work.reportAllocation();
    long numSteadyRows = (long) numRequests * numSteps;
    long numTokens = numSteadyRows * (1 + NUM_DRAFT_TOKENS / 2);
    long numBlocks = numTokens / MeasuredLimits.BLOCK_SIZE;
    work.count("rows", numRows, numSteadyRows);
    work.count("draftTokens", numDraftTokens, numSteadyRows * NUM_DRAFT_TOKENS);
    work.count("tokensSampled", numOutputTokens, numTokens);
    work.count("tokensAppended", engine.numTokensDelivered() - numDeliveredBefore, numTokens);
    work.count("blocksTaken", numFreeBefore - engine.numFreeBlocks(), numBlocks);
    work.count("blocksKeyed", engine.numCachedBlocks() - numCachedBefore, numBlocks);
  }
}
