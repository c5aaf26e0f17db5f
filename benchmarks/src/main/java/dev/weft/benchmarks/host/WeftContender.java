package dev.weft.benchmarks.host;

import dev.weft.batching.Scheduler;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * The host executor under the scheduler, as a server runs it: the next step is planned while one is
 * computed, and what the scheduler and the hand-over between threads cost is in the times. Prompts
 * are never shared.
 */
final class WeftContender implements Contender {
  private static final int BLOCK_SIZE = 16;
  private static final int MAX_BATCH_SIZE = 32;
  private static final int MAX_BATCHED_TOKENS = 4096;
  private static final int MAX_MODEL_LEN = 1024;
  private static final int NUM_BLOCKS = 1 + MAX_BATCHED_TOKENS * 2 / BLOCK_SIZE;
  private static final long WAIT_NANOS = 1_000_000_000;

  private final HostExecutor executor;
  private final Scheduler scheduler;
  private final StepResult result;
  private final LongSupplier clock;
  private final int[] lastTokens = new int[MAX_MODEL_LEN];
  private long nextRequestId;
  private int numTokens;

  /** @param clock tells the nanoseconds that are reported */
  WeftContender(HostModel model, int numThreads, LongSupplier clock) {
    this.clock = clock;
    executor = HostExecutor.builder(model).numThreads(numThreads).blockSize(BLOCK_SIZE)
        .numBlocks(NUM_BLOCKS).maxNumRows(MAX_BATCH_SIZE).maxModelLen(MAX_MODEL_LEN)
        .maxNumBatchedTokens(MAX_BATCHED_TOKENS).build();
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(MAX_BATCH_SIZE)
        .maxNumWaiting(MAX_BATCH_SIZE).maxNumBatchedTokens(MAX_BATCHED_TOKENS)
        .maxModelLen(MAX_MODEL_LEN).vocabularySize(model.vocabularySize())
        .maxInFlight(executor.spec().maxInFlight()).build();
    PagedKvCache kvCache = PagedKvCache.builder().numBlocks(NUM_BLOCKS)
        .maxNumSequences(limits.maxNumHandles()).maxNumHolders(MAX_BATCH_SIZE)
        .maxNumBlocksPerSequence(MAX_MODEL_LEN / BLOCK_SIZE).withoutPrefixes().build();
    scheduler = Scheduler.builder(limits, executor.spec(), kvCache)
        .listener(new TokenCounter()).build();
    result = StepResult.of(limits);
  }

  @Override
  public String name() {
    return "weft";
  }

  @Override
  public boolean batches() {
    return true;
  }

  @Override
  public long prefill(int[] prompt) {
    long start = clock.getAsLong();
    generate(1, prompt);
    return clock.getAsLong() - start;
  }

  @Override
  public long decode(int[][] prompts, int numSteps) {
    begin(1 + numSteps, prompts);
    runUntil(prompts.length);
    long start = clock.getAsLong();
    runUntil(prompts.length * (1 + numSteps));
    return clock.getAsLong() - start;
  }

  @Override
  public int[] continuation(int[] prompt, int numTokens) {
    generate(numTokens, prompt);
    return Arrays.copyOf(lastTokens, numTokens);
  }

  @Override
  public void close() {
    executor.close();
  }

  private void generate(int numNewTokens, int[]... prompts) {
    begin(numNewTokens, prompts);
    runUntil(prompts.length * numNewTokens);
  }

  private void begin(int numNewTokens, int[]... prompts) {
    while (!scheduler.isIdle()) {
      step();
    }
    numTokens = 0;
    for (int[] prompt : prompts) {
      Request request = Request.builder(nextRequestId++, prompt)
          .sampling(SamplingParameters.greedy(numNewTokens)).build();
      AddResult added = scheduler.add(request, System.nanoTime());
      if (!added.isAccepted()) {
        throw new IllegalStateException(added.toString());
      }
    }
  }

  private void runUntil(int numTokensWanted) {
    while (numTokens < numTokensWanted) {
      step();
    }
  }

  /** Keeps the executor supplied and applies one result. */
  private void step() {
    while (scheduler.canPlan()) {
      StepPlan plan = scheduler.plan(System.nanoTime());
      if (plan.isEmpty() || !executor.submit(plan)) {
        break;
      }
    }
    awaitResult();
    scheduler.update(result, System.nanoTime());
  }

  private void awaitResult() {
    try {
      while (!executor.poll(result)) {
        if (!executor.await(WAIT_NANOS) && !executor.failureMessage().isEmpty()) {
          throw new IllegalStateException(executor.failureMessage());
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Counts what is delivered, and keeps the tokens for when there is one sequence. */
  private final class TokenCounter implements SchedulerListener {
    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      lastTokens[outputIndex] = token;
      numTokens++;
    }
  }
}
