package dev.weft.simulator;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.SchedulerDriver;

/**
 * The scheduler and the cache of an engine, as the contracts of the test kit drive them: what a
 * test of a drafter or of an executor of your own hands to {@code LosslessContract}.
 *
 * <pre>{@code
 * protected SchedulerDriver.Factory schedulers() {
 *   return EngineDriver::create;
 * }
 * }</pre>
 */
public class EngineDriver implements SchedulerDriver {
  private final Scheduler scheduler;
  private final PagedKvCache kvCache;

  EngineDriver(Scheduler scheduler, PagedKvCache kvCache) {
    this.scheduler = scheduler;
    this.kvCache = kvCache;
  }

  /** A scheduler with paged KV and a prefix cache, for what the contract wants to see. */
  public static SchedulerDriver create(SchedulerDriver.Setup setup) {
    int blockSize = setup.spec().blockSize();
    PagedKvCache cache = PagedKvCache.builder().layout(KvLayout.fullAttention(blockSize))
        .numBlocks(setup.spec().numBlocks())
        .maxNumSequences(setup.limits().maxNumHandles())
        .maxNumHolders(setup.limits().maxNumSeqs())
        .maxNumBlocksPerSequence((setup.limits().maxModelLen() + blockSize - 1) / blockSize)
        .build();
    SchedulerBuilder builder = Scheduler.builder(setup.limits(), setup.spec(), cache)
        .policy(setup.policy()).listener(setup.listener()).seed(setup.seed());
    Drafter drafter = setup.drafter();
    if (drafter != null) {
      builder.drafter(drafter).draftLengths(setup.draftLengths());
    }
    return new EngineDriver(builder.build(), cache);
  }

  // ---- requests

  @Override public AddResult add(Request request, long nowNanos) {
    return scheduler.add(request, nowNanos);
  }

  @Override public boolean abort(long requestId, long nowNanos) {
    return scheduler.abort(requestId, nowNanos);
  }

  @Override public boolean stop(
      long requestId, int sampleIndex, int numTokensKept, long nowNanos) {
    return scheduler.stop(requestId, sampleIndex, numTokensKept, nowNanos);
  }

  @Override public boolean unblock(long requestId) {
    return scheduler.unblock(requestId);
  }

  // ---- steps

  @Override public StepPlan plan(long nowNanos) {
    return scheduler.plan(nowNanos);
  }

  @Override public void update(StepResult result, long nowNanos) {
    scheduler.update(result, nowNanos);
  }

  @Override public void draft(long nowNanos) {
    scheduler.draft(nowNanos);
  }

  @Override public void onExecutorDead(AfterDeath afterDeath, long nowNanos) {
    scheduler.onExecutorDead(DeadExecutorMode.valueOf(afterDeath.name()), nowNanos);
  }

  // ---- control

  @Override public void pause(PauseMode mode) {
    scheduler.pause(mode);
  }

  @Override public void setCaps(LiveCaps caps) {
    scheduler.setCaps(caps);
  }

  @Override public boolean resetPrefixCache() {
    return scheduler.resetPrefixCache(true, 0);
  }

  @Override public void shutDown(long nowNanos) {
    scheduler.shutDown(nowNanos);
  }

  // ---- facts

  @Override public boolean canPlan() {
    return scheduler.canPlan();
  }

  @Override public boolean isIdle() {
    return scheduler.isIdle();
  }

  @Override public SchedulerStats stats() {
    return scheduler.stats();
  }

  @Override public KvCache kvCache() {
    return kvCache;
  }

  @Override public void checkIntegrity() {
    scheduler.checkIntegrity();
  }
}
