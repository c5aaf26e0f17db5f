package dev.weft.simulator;

import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.batching.VllmPolicy;
import dev.weft.engine.EngineProfile;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.pagedkv.PagedKvCacheBuilder;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioConfig;
import dev.weft.testkit.conformance.ScenarioDriver;
import java.util.function.Consumer;

/** Scheduler and cache of an {@link EngineProfile}, driven by scenarios. */
final class ProfileDriver extends EngineDriver implements ScenarioDriver {
  private final Scheduler scheduler;
  private final PagedKvCache kvCache;
  private final CalledDrafter drafter;

  private ProfileDriver(Scheduler scheduler, PagedKvCache kvCache, CalledDrafter drafter) {
    super(scheduler, kvCache);
    this.scheduler = scheduler;
    this.kvCache = kvCache;
    this.drafter = drafter;
  }

  /** The profile that decides as vLLM, with the settings of the scenario. */
  static ProfileDriver vllm(Scenario scenario, SchedulerLimits limits, ExecutorSpec spec,
      SchedulerListener listener) {
    ScenarioConfig config = scenario.config();
    VllmPolicy.Builder policy = VllmPolicy.builder()
        .maxNumTokensPerRow(config.maxNumTokensPerRow()).watermark(config.watermark());
    if (config.usesPriorities()) {
      policy.usePriorities();
    }
    if (!config.chunksPrompts()) {
      policy.withoutChunks();
    }
    if (!config.reservesFullPrompt()) {
      policy.withoutFullPromptGate();
    }
    return of(EngineProfile.vllm(policy.build()), config, limits, spec, listener);
  }

  /**
   * What an engine does by default. It has no use for the settings that are about vLLM's policy:
   * threshold, chunking, full-prompt gate and watermark.
   */
  static ProfileDriver standard(Scenario scenario, SchedulerLimits limits, ExecutorSpec spec,
      SchedulerListener listener) {
    return of(EngineProfile.standard(), scenario.config(), limits, spec, listener);
  }

  private static ProfileDriver of(EngineProfile profile, ScenarioConfig config,
      SchedulerLimits limits, ExecutorSpec spec, SchedulerListener listener) {
    PagedKvCacheBuilder cache = profile.kvCache(limits, spec)
        .numDroppedHitBlocks(config.speculation().dropsLastHitBlock() ? 1 : 0);
    PagedKvCache kvCache =
        (config.cachesPrefixes() ? cache : cache.withoutPrefixes()).build();
    CalledDrafter drafter = new CalledDrafter(Math.max(1, limits.maxNumDraftTokens()));
    SchedulerBuilder builder = Scheduler.builder(limits, spec, kvCache)
        .policy(profile.policy()).listener(listener);
    if (limits.maxNumDraftTokens() > 0) {
      builder.drafter(drafter);
    }
    return new ProfileDriver(builder.build(), kvCache, drafter);
  }

  // ---- what scenarios ask beyond the contracts

  @Override public void draft(Consumer<DraftBatch> proposer, long nowNanos) {
    drafter.proposer = proposer;
    draft(nowNanos);
  }

  @Override public boolean resetPrefixCacheIfIdle() {
    return scheduler.resetPrefixCache(false, 0);
  }

  @Override public SequenceList running() {
    return scheduler.running();
  }

  @Override public SequenceList waiting() {
    return scheduler.waiting();
  }

  @Override public boolean isCached(int block) {
    return kvCache.isCached(block);
  }

  @Override public void copyFreeOrder(int[] target) {
    kvCache.copyFreeOrder(target);
  }

  /** Proposes what it is told to at each call. */
  private static final class CalledDrafter implements Drafter {
    private final int maxNumDraftTokens;
    private Consumer<DraftBatch> proposer = batch -> { };

    CalledDrafter(int maxNumDraftTokens) {
      this.maxNumDraftTokens = maxNumDraftTokens;
    }

    @Override public int maxNumDraftTokens() {
      return maxNumDraftTokens;
    }

    @Override public void propose(DraftBatch batch) {
      proposer.accept(batch);
    }
  }
}
