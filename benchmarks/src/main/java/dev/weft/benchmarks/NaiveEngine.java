package dev.weft.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@link NaiveScheduler} with a device that samples 17. It has no drafts. */
final class NaiveEngine implements MeasuredEngine {
  private final NaiveScheduler scheduler;
  private NaiveStep step;
  private Map<Long, Integer> sampled = Map.of();
  private long numTokensDelivered;

  NaiveEngine(MeasuredLimits limits) {
    scheduler = new NaiveScheduler(limits);
    step = scheduler.plan();
  }

  @Override public Runnable prepare(long id, int[] prompt, int maxNewTokens) {
    return () -> scheduler.add(new NaiveRequest(id, prompt, maxNewTokens));
  }

  @Override public void plan() {
    step = scheduler.plan();
  }

  @Override public int numRows() {
    return step.numTokens().size();
  }

  @Override public int numTokens() {
    int sum = 0;
    for (int numTokens : step.numTokens().values()) {
      sum += numTokens;
    }
    return sum;
  }

  @Override public int complete() {
    sampled = new HashMap<>();
    for (Long id : step.numTokens().keySet()) {
      if (scheduler.isSampled(id)) {
        sampled.put(id, Prompts.SAMPLED_TOKEN);
      }
    }
    return sampled.size();
  }

  @Override public void update() {
    List<NaiveScheduler.Output> outputs = scheduler.update(step, sampled);
    numTokensDelivered += outputs.size();
  }

  @Override public boolean isIdle() {
    return scheduler.isIdle();
  }

  @Override public int numWaiting() {
    return scheduler.numWaiting();
  }

  @Override public int numFreeBlocks() {
    return scheduler.pool().numFree();
  }

  @Override public int numCachedBlocks() {
    return scheduler.pool().numCached();
  }

  @Override public long numPreemptions() {
    return scheduler.numPreemptions();
  }

  @Override public long numTokensDelivered() {
    return numTokensDelivered;
  }

  @Override public void clearPrefixes() {
    scheduler.pool().clear();
  }
}
