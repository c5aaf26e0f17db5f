package dev.weft.engine;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.Scheduler;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;

/** Small parts of an engine, put together as the tests need them. */
final class Parts {
  private static final Scheduler SCHEDULER = newScheduler();
  static final Callbacks ON_THE_CALLER = Callbacks.on(Runnable::run, Thread::new);

  private Parts() {}

  /** Only asked what any thread may ask, so one serves all. */
  private static Scheduler newScheduler() {
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(97).maxModelLen(64).blockSize(4)
        .numBlocks(16).numSlots(2).maxNumRows(1).maxNumBatchedTokens(8).build();
    SchedulerLimits limits = SchedulerLimits.builder().vocabularySize(97).maxModelLen(64)
        .maxNumSeqs(1).maxNumBatchedTokens(8).maxNumWaiting(1).build();
    return Scheduler.builder(limits, spec, PagedKvCache.builder()
            .layout(KvLayout.fullAttention(4)).numBlocks(16)
            .maxNumSequences(limits.maxNumHandles()).maxNumHolders(1)
            .maxNumBlocksPerSequence(16).build())
        .policy(ContinuousBatchingPolicy.withPriorities()).build();
  }

  /** An intake in which one sequence may wait. */
  static Intake intake() {
    return new Intake(SCHEDULER, () -> 0, ON_THE_CALLER, new TenantBound(TenantBound.UNBOUNDED));
  }

  static Request request(long id) {
    return Request.builder(id, 1).sampling(SamplingParameters.greedy(2)).build();
  }
}
