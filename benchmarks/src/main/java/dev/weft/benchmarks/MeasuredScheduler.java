package dev.weft.benchmarks;

import dev.weft.batching.Scheduler;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;

/** A scheduler with the limits that workloads share, its cache, and a device that samples 17. */
final class MeasuredScheduler {
  static final int BLOCK_SIZE = 16;
  private static final int MAX_BATCHED_TOKENS = 8192;
  private static final int MAX_MODEL_LEN = 33_792;

  final PagedKvCache kvCache;
  final Scheduler scheduler;
  final StepResult result;

  /** @param numBlocks of the pool, null block included */
  MeasuredScheduler(int maxNumSeqs, int maxNumWaiting, int numBlocks, SchedulingPolicy policy,
      SchedulerListener listener) {
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(maxNumSeqs)
        .maxNumWaiting(maxNumWaiting).maxNumBatchedTokens(MAX_BATCHED_TOKENS)
        .maxModelLen(MAX_MODEL_LEN).vocabularySize(Prompts.VOCABULARY_SIZE).build();
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(Prompts.VOCABULARY_SIZE)
        .maxModelLen(MAX_MODEL_LEN).blockSize(BLOCK_SIZE).numBlocks(numBlocks)
        .numSlots(maxNumSeqs).maxNumRows(maxNumSeqs).maxNumBatchedTokens(MAX_BATCHED_TOKENS)
        .build();
    kvCache = PagedKvCache.builder().numBlocks(numBlocks).maxNumSequences(limits.maxNumHandles())
        .maxNumHolders(maxNumSeqs).maxNumBlocksPerSequence(MAX_MODEL_LEN / BLOCK_SIZE).build();
    scheduler =
        Scheduler.builder(limits, spec, kvCache).policy(policy).listener(listener).build();
    result = new StepResult(maxNumSeqs, 0, 0);
  }

  /** Adds a request; the time of the workloads stands still. */
  void add(Request request) {
    AddResult added = scheduler.add(request, 0);
    if (!added.isAccepted()) {
      throw new IllegalStateException(added.toString());
    }
  }

  /** Makes the device's result; returns rows that were sampled. */
  int complete(StepPlan plan) {
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

  /** Runs a whole step; returns rows that were sampled. */
  int step() {
    int numSampled = complete(scheduler.plan(0));
    scheduler.update(result, 0);
    return numSampled;
  }
}
