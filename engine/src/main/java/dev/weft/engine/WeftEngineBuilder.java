package dev.weft.engine;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.Scheduler;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepExecutor;
import java.util.Objects;
import java.util.function.LongSupplier;

/** Wires a {@link WeftEngine}; everything but the executor has a default. */
public final class WeftEngineBuilder {
  private final StepExecutor executor;
  private SchedulerLimits limits;
  private SchedulingPolicy policy = ContinuousBatchingPolicy.withPriorities();
  private SchedulerListener listener = SchedulerListener.NONE;
  private EvictionRank evictionRank = EvictionRank.LEAST_RECENTLY_USED;
  private LongSupplier clock = System::nanoTime;
  private boolean cachesPrefixes = true;
  private long seed;

  WeftEngineBuilder(StepExecutor executor) {
    this.executor = Objects.requireNonNull(executor, "executor");
    limits = limitsFor(executor.spec()).build();
  }

  /**
   * Limits that use all of an executor and let 4,096 sequences wait; a start for own limits. With
   * steps in flight half of the slots are left to rest until their detaching step has completed.
   */
  public static SchedulerLimits.Builder limitsFor(ExecutorSpec spec) {
    int numRestingSlots = spec.maxInFlight() > 1 ? spec.numSlots() / 2 : 0;
    return SchedulerLimits.builder()
        .maxNumSeqs(Math.max(1, Math.min(spec.maxNumRows(), spec.numSlots() - numRestingSlots)))
        .maxNumBatchedTokens(spec.maxNumBatchedTokens())
        .maxModelLen(spec.maxModelLen())
        .vocabularySize(spec.vocabularySize())
        .maxInFlight(spec.maxInFlight())
        .maxNumDraftTokens(spec.maxNumDraftTokens());
  }

  /** Default: {@link #limitsFor} the executor. */
  public WeftEngineBuilder limits(SchedulerLimits value) {
    limits = Objects.requireNonNull(value, "limits");
    return this;
  }

  /** Who decides; default: {@link ContinuousBatchingPolicy#withPriorities}. */
  public WeftEngineBuilder policy(SchedulingPolicy value) {
    policy = Objects.requireNonNull(value, "policy");
    return this;
  }

  /**
   * Who gets tokens and ends; default: nobody. It must not call the engine back: such a call
   * throws, and what a listener throws is logged and otherwise without effect.
   */
  public WeftEngineBuilder listener(SchedulerListener value) {
    listener = Objects.requireNonNull(value, "listener");
    return this;
  }

  /** Which idle cached blocks go first; default: least recently used. */
  public WeftEngineBuilder evictionRank(EvictionRank value) {
    evictionRank = Objects.requireNonNull(value, "evictionRank");
    return this;
  }

  /** Shares no prefix between requests; samples of one request still share their prompt. */
  public WeftEngineBuilder withoutPrefixCache() {
    cachesPrefixes = false;
    return this;
  }

  /**
   * Nanoseconds for every call, on which deadlines and arrivals of requests are absolute times;
   * default: {@link System#nanoTime}.
   */
  public WeftEngineBuilder clock(LongSupplier value) {
    clock = Objects.requireNonNull(value, "clock");
    return this;
  }

  /**
   * From which the seeds of requests without one are derived, and of the hash under which prefixes
   * are found; default 0.
   */
  public WeftEngineBuilder seed(long value) {
    seed = value;
    return this;
  }

  /**
   * @throws IllegalArgumentException when limits and executor do not fit together; the executor
   *     stays open
   */
  public WeftEngine build() {
    ExecutorSpec spec = executor.spec();
    int blockSize = spec.blockSize();
    var cache = PagedKvCache.builder()
        .layout(KvLayout.fullAttention(blockSize))
        .numBlocks(spec.numBlocks())
        .maxNumSequences(limits.maxNumHandles())
        .maxNumHolders(limits.maxNumSeqs())
        .maxNumBlocksPerSequence((limits.maxModelLen() + blockSize - 1) / blockSize)
        .evictionRank(evictionRank)
        .hashSeed(seed);
    PagedKvCache kvCache = (cachesPrefixes ? cache : cache.withoutPrefixes()).build();
    Scheduler scheduler = Scheduler.builder(limits, spec, kvCache)
        .policy(policy)
        .listener(new LoggedListener(listener, new FailureLog()))
        .seed(seed)
        .build();
    return new WeftEngine(executor, scheduler, kvCache, clock);
  }
}
