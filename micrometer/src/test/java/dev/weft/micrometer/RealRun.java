package dev.weft.micrometer;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.Scheduler;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import java.util.Random;

/**
 * The scheduler and the paged cache over a hash model whose pool is too small, driven in virtual
 * time: a step takes a millisecond. Requests share prefixes, have 1 to 3 samples, and some are
 * aborted; some steps fail.
 */
final class RealRun {
  private static final int VOCABULARY_SIZE = 97;
  private static final int MODEL_LEN = 64;
  static final ExecutorSpec SPEC = ExecutorSpec.builder().vocabularySize(VOCABULARY_SIZE)
      .maxModelLen(MODEL_LEN).blockSize(4).numBlocks(40).numSlots(16).maxNumRows(8)
      .maxNumBatchedTokens(32).maxInFlight(2).build();

  private final Random random;
  private final HashModelExecutor executor = HashModelExecutor.completingAtOnce(SPEC);
  private final StepResult result;
  final Scheduler scheduler;
  private long nextId = 1;
  private long now = 1;

  RealRun(SchedulerListener listener, long seed) {
    random = new Random(seed);
    SchedulerLimits limits = SchedulerLimits.builder().maxNumWaiting(64).maxNumSeqs(8)
        .maxNumBatchedTokens(32).maxModelLen(MODEL_LEN).vocabularySize(VOCABULARY_SIZE)
        .maxInFlight(2).build();
    result = StepResult.of(limits);
    PagedKvCache cache = PagedKvCache.builder().layout(KvLayout.fullAttention(4))
        .numBlocks(SPEC.numBlocks()).maxNumSequences(limits.maxNumHandles())
        .maxNumHolders(limits.maxNumSeqs()).maxNumBlocksPerSequence(MODEL_LEN / 4).build();
    scheduler = Scheduler.builder(limits, SPEC, cache)
        .policy(ContinuousBatchingPolicy.withPriorities()).listener(listener).build();
  }

  /** Adds so many requests over time and runs until all have ended. */
  void run(int numRequests) {
    while (nextId <= numRequests || !scheduler.isIdle()) {
      if (nextId <= numRequests && random.nextInt(3) == 0) {
        add();
      }
      if (random.nextInt(40) == 0) {
        scheduler.abort(1 + random.nextInt((int) nextId), now);
      }
      step();
    }
  }

  private void add() {
    int[] prompt = random.ints(1 + random.nextInt(30), 0, 2).toArray();
    scheduler.add(Request.builder(nextId++, prompt).priority(random.nextInt(2))
        .sampling(SamplingParameters.builder().numSamples(1 + random.nextInt(3))
            .maxNewTokens(1 + random.nextInt(30)).build())
        .build(), now);
  }

  private void step() {
    while (scheduler.canPlan() && !scheduler.isIdle()) {
      StepPlan plan = scheduler.plan(now++);
      if (plan.isEmpty()) {
        break;
      }
      if (random.nextInt(50) == 0) {
        executor.failStep(plan.stepId());
      }
      executor.submit(plan);
    }
    now += 1_000_000;
    if (executor.poll(result)) {
      scheduler.update(result, now);
    }
  }
}
