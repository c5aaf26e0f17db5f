package dev.weft.benchmarks;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.FullPromptGate;
import dev.weft.batching.Scheduler;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;

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
  private static final int BLOCK_SIZE = 16;
  private static final int PROMPT_LENGTH = 1024;
  private static final int MAX_NEW_TOKENS = 1024;
  private static final int BLOCKS_PER_REQUEST = 128;
  private static final int MAX_BATCHED_TOKENS = 8192;
  private static final int MAX_MODEL_LEN = 33_792;
  private static final int NUM_WARM_UP_STEPS = 32;

  private final int numRequests;
  private final int numSteps;
  private final PagedKvCache kvCache;
  private final Scheduler scheduler;
  private final StepResult result;
  private final StepTimes times;
  private long now;
  private long numTokensDelivered;

  /** Prefills all requests and runs the warm-up steps; {@code numSteps} are to be timed. */
  DecodeWorkload(int numRequests, int numSteps) {
    this.numRequests = numRequests;
    this.numSteps = numSteps;
    int numBlocks = numRequests * BLOCKS_PER_REQUEST + 1;
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(numRequests)
        .maxNumWaiting(numRequests).maxNumBatchedTokens(MAX_BATCHED_TOKENS)
        .maxModelLen(MAX_MODEL_LEN).vocabularySize(Prompts.VOCABULARY_SIZE).build();
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(Prompts.VOCABULARY_SIZE)
        .maxModelLen(MAX_MODEL_LEN).blockSize(BLOCK_SIZE).numBlocks(numBlocks)
        .numSlots(numRequests).maxNumRows(numRequests).maxNumBatchedTokens(MAX_BATCHED_TOKENS)
        .build();
    kvCache = PagedKvCache.builder().numBlocks(numBlocks).maxNumSequences(limits.maxNumHandles())
        .maxNumHolders(numRequests).maxNumBlocksPerSequence(MAX_MODEL_LEN / BLOCK_SIZE).build();
    scheduler = Scheduler.builder(limits, spec, kvCache)
        .policy(ContinuousBatchingPolicy.builder().gate(FullPromptGate.sparingBlocks(0)).build())
        .listener(new TokenCounter()).build();
    result = new StepResult(numRequests, 0, 0);
    times = StepTimes.inMicros("step", numSteps);
    addRequests();
    prefill();
    for (int i = 0; i < NUM_WARM_UP_STEPS; i++) {
      step();
    }
  }

  private void addRequests() {
    SamplingParameters sampling = SamplingParameters.greedy(MAX_NEW_TOKENS);
    for (int i = 0; i < numRequests; i++) {
      AddResult added = scheduler.add(
          Request.builder(i, Prompts.ofSeed(i + 1, PROMPT_LENGTH)).sampling(sampling).build(),
          now);
      if (!added.isAccepted()) {
        throw new IllegalStateException(added.toString());
      }
    }
  }

  /** Runs until every request has sampled. */
  private void prefill() {
    int numSampled = 0;
    while (numSampled < numRequests) {
      StepPlan plan = scheduler.plan(now++);
      numSampled = complete(plan);
      scheduler.update(result, now);
    }
  }

  private void step() {
    complete(scheduler.plan(now++));
    scheduler.update(result, now);
  }

  /** Makes the device's result; returns rows that were sampled. */
  private int complete(StepPlan plan) {
    int numRows = plan.numRows();
    int numSampled = 0;
    result.reset(plan.stepId(), numRows);
    for (int row = 0; row < numRows; row++) {
      if (plan.isSampled(row)) {
        result.addToken(row, Prompts.SAMPLED_TOKEN);
        numSampled++;
      }
    }
    return numSampled;
  }

  /**
   * Runs the timed steps and hands in what JMH is to report.
   *
   * @throws IllegalStateException when the work done is not that of the definition
   */
  void run() {
    DecodeWork work = new DecodeWork(numRequests, numSteps);
    work.begin(kvCache.numFreeBlocks(), kvCache.numCachedBlocks(), numTokensDelivered);
    long allocatedBefore = ThreadClock.allocatedBytes();
    for (int i = 0; i < numSteps; i++) {
      times.start();
      StepPlan plan = scheduler.plan(now++);
      times.pause();
      work.addRows(plan.numRows(), plan.numTokens());
      complete(plan);
      times.resume();
      scheduler.update(result, now);
      times.stop();
    }
    work.setAllocatedBytes(ThreadClock.allocatedBytes() - allocatedBefore);
    work.end(kvCache.numFreeBlocks(), kvCache.numCachedBlocks(), numTokensDelivered);
    times.report();
    work.report();
    work.check();
  }

  /** What a server would do with the tokens, as little as can be. */
  private final class TokenCounter implements SchedulerListener {
    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      numTokensDelivered++;
    }
  }
}
