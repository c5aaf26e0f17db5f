package dev.weft.engine;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.VllmPolicy;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.pagedkv.PagedKvCacheBuilder;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulingPolicy;
import java.util.Objects;

/**
 * A policy and the cache that belongs to it, under one name. For one engine: the policy may have a
 * state.
 */
public final class EngineProfile {
  private final String name;
  private final SchedulingPolicy policy;
  private final boolean keepsCopies;

  private EngineProfile(String name, SchedulingPolicy policy, boolean keepsCopies) {
    this.name = name;
    this.policy = policy;
    this.keepsCopies = keepsCopies;
  }

  /** What an engine does unless it is told otherwise: {@code default}. */
  public static EngineProfile standard() {
    return new EngineProfile("default", ContinuousBatchingPolicy.withPriorities(), false);
  }

  /**
   * Decisions equal to those of vLLM V1, step by step, block ids included: {@code vllm}. For who
   * moves a service over, or compares. docs/vllm-differences.md shows where the standard profile
   * does better.
   *
   * <p>Beside the policy, idle blocks of equal content stay cached beside each other. The rest is
   * {@link SchedulerLimits}, whose names are vLLM's where they mean the same: {@code max_num_seqs},
   * {@code max_num_batched_tokens}, {@code max_model_len}, {@code max_loras} (maxNumAdapters),
   * {@code num_speculative_tokens} (maxNumDraftTokens), lookahead and extra slots of a drafter
   * (numLookaheadTokens, numExtraRowTokens). Equality needs one step in flight, an executor with
   * twice as many slots as sequences may run, and no bound on empty steps (maxNumEmptySteps): where
   * vLLM waits for ever, an engine with a bound gives up. Not followed is what corrupts or hangs:
   * a minimum of output tokens never outlasts the length limit.
   */
  public static EngineProfile vllm(VllmPolicy policy) {
    return new EngineProfile("vllm", Objects.requireNonNull(policy, "policy"), true);
  }

  /** Name of the profile, as tools call it. */
  public String name() {
    return name;
  }

  /** Who decides; the same object at every call. */
  public SchedulingPolicy policy() {
    return policy;
  }

  /** Begins to describe a cache of this profile that fits limits and executor. */
  public PagedKvCacheBuilder kvCache(SchedulerLimits limits, ExecutorSpec spec) {
    int blockSize = spec.blockSize();
    PagedKvCacheBuilder cache = PagedKvCache.builder()
        .layout(KvLayout.fullAttention(blockSize))
        .numBlocks(spec.numBlocks())
        .maxNumSequences(limits.maxNumHandles())
        .maxNumHolders(limits.maxNumSeqs())
        .maxNumBlocksPerSequence((limits.maxModelLen() + blockSize - 1) / blockSize);
    return keepsCopies ? cache.keepingCopies() : cache;
  }
}
