package dev.weft.benchmarks;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.FullPromptGate;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;

/**
 * Steady decode: {@code numRequests} requests with prompts of 1,024 tokens run at once, and each
 * timed step gives one token to each of them. A timed step is {@code plan} and {@code update};
 * making the result of the device between them is not timed.
 *
 * <p>Requests end after 1,024 tokens, which no run reaches, and not after 2^20: a pool of 128
 * blocks a request could not hold that, and {@code add} refuses what can never fit. Statistics are
 * always counted, and a listener is told of every token.
 */
final class DecodeWorkload {
  private static final int PROMPT_LENGTH = 1024;
  private static final int MAX_NEW_TOKENS = 1024;
  private static final int BLOCKS_PER_REQUEST = 128;
  private static final int NUM_WARM_UP_STEPS = 32;

  private final int numRequests;
  private final int numSteps;
  private final MeasuredScheduler measured;
  private final StepTimes times;
  private long numRows;
  private long numTokensDelivered;

  /** Prefills all requests and runs the warm-up steps; {@code numSteps} are to be timed. */
  DecodeWorkload(int numRequests, int numSteps) {
    this.numRequests = numRequests;
    this.numSteps = numSteps;
    SchedulingPolicy policy =
        ContinuousBatchingPolicy.builder().gate(FullPromptGate.sparingBlocks(0)).build();
    measured = new MeasuredScheduler(numRequests, numRequests,
        numRequests * BLOCKS_PER_REQUEST + 1, policy, new TokenCounter());
    times = StepTimes.inMicros("step", 1, numSteps);
    addRequests();
    while (measured.step() < numRequests) {
      // A prompt is not computed yet.
    }
    for (int i = 0; i < NUM_WARM_UP_STEPS; i++) {
      measured.step();
    }
  }

  private void addRequests() {
    SamplingParameters sampling = SamplingParameters.greedy(MAX_NEW_TOKENS);
    for (int i = 0; i < numRequests; i++) {
      measured.add(Request.builder(i, Prompts.ofSeed(i + 1, PROMPT_LENGTH)).sampling(sampling)
          .build());
    }
  }

  /**
   * Runs the timed steps and hands in what JMH is to report.
   *
   * @throws IllegalStateException when the work done is not that of the definition
   */
  void run() {
    PagedKvCache kvCache = measured.kvCache;
    Work work = new Work("decode of " + numRequests, numSteps);
    int numFreeBefore = kvCache.numFreeBlocks();
    int numCachedBefore = kvCache.numCachedBlocks();
    long numDeliveredBefore = numTokensDelivered;
    work.begin();
    for (int i = 0; i < numSteps; i++) {
      times.start();
      StepPlan plan = measured.scheduler.plan(0);
      times.pause();
      requireDecode(plan);
      measured.complete(plan);
      times.resume();
      measured.scheduler.update(measured.result, 0);
      times.stop();
    }
    work.end();
    times.report();
    work.reportAllocation();
    long numTokens = (long) numRequests * numSteps;
    long numBlocks = numTokens / MeasuredScheduler.BLOCK_SIZE;
    work.count("rows", numRows, numTokens);
    work.count("blocksTaken", numFreeBefore - kvCache.numFreeBlocks(), numBlocks);
    work.count("blocksKeyed", kvCache.numCachedBlocks() - numCachedBefore, numBlocks);
    work.count("tokensAppended", numTokensDelivered - numDeliveredBefore, numTokens);
  }

  private void requireDecode(StepPlan plan) {
    numRows += plan.numRows();
    if (plan.numRows() != numRequests || plan.numTokens() != numRequests) {
      throw new IllegalStateException("a step of " + plan.numRows() + " rows and "
          + plan.numTokens() + " tokens, must be " + numRequests);
    }
  }

  /** What a server would do with the tokens, as little as can be. */
  private final class TokenCounter implements SchedulerListener {
    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      numTokensDelivered++;
    }
  }
}
