package dev.weft.batching;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Wires a {@link Scheduler} and checks that its parts fit together. */
public final class SchedulerBuilder {
  final SchedulerLimits limits;
  final ExecutorSpec spec;
  final KvCache kvCache;
  SchedulingPolicy policy = ContinuousBatchingPolicy.withPriorities();
  SchedulerListener listener = SchedulerListener.NONE;
  InputListener inputs = InputListener.NONE;
  @Nullable Drafter drafter;
  DraftLengthPolicy draftLengths = DraftLengthPolicy.LONGEST;
  long seed;

  SchedulerBuilder(SchedulerLimits limits, ExecutorSpec spec, KvCache kvCache) {
    this.limits = Objects.requireNonNull(limits, "limits");
    this.spec = Objects.requireNonNull(spec, "spec");
    this.kvCache = Objects.requireNonNull(kvCache, "kvCache");
  }

  /** Who decides; default: {@link ContinuousBatchingPolicy#withPriorities}. */
  public SchedulerBuilder policy(SchedulingPolicy value) {
    policy = Objects.requireNonNull(value, "policy");
    return this;
  }

  /** Who is told; default: nobody. */
  public SchedulerBuilder listener(SchedulerListener value) {
    listener = Objects.requireNonNull(value, "listener");
    return this;
  }

  /** Who proposes drafts, in {@link Scheduler#draft}; default: nobody. The caller closes it. */
  public SchedulerBuilder drafter(Drafter value) {
    drafter = Objects.requireNonNull(value, "drafter");
    return this;
  }

  /** How many drafts each sequence gets; default: as many as the drafter proposes. */
  public SchedulerBuilder draftLengths(DraftLengthPolicy value) {
    draftLengths = Objects.requireNonNull(value, "draftLengths");
    return this;
  }

  /** Who is told of everything that comes in, to repeat the run; default: nobody. */
  public SchedulerBuilder inputs(InputListener value) {
    inputs = Objects.requireNonNull(value, "inputs");
    return this;
  }

  /** From which the seeds of requests without one are derived; default 0. */
  public SchedulerBuilder seed(long value) {
    seed = value;
    return this;
  }

  /** @throws IllegalArgumentException when limits, executor and cache do not fit together */
  public Scheduler build() {
    atMost("maxNumSeqs", limits.maxNumSeqs(), "maxNumRows of the executor", spec.maxNumRows());
    atMost("maxNumBatchedTokens", limits.maxNumBatchedTokens(), "that of the executor",
        spec.maxNumBatchedTokens());
    atMost("maxModelLen", limits.maxModelLen(), "that of the executor", spec.maxModelLen());
    atMost("maxInFlight", limits.maxInFlight(), "that of the executor", spec.maxInFlight());
    atMost("maxNumDraftTokens", limits.maxNumDraftTokens(), "that of the executor",
        spec.maxNumDraftTokens());
    atMost("vocabularySize", limits.vocabularySize(), "that of the executor",
        spec.vocabularySize());
    atMost("numBlocks of the cache, null block included,", kvCache.numBlocks() + 1,
        "that of the executor", spec.numBlocks());
    atMost("chunkUnit of the executor", spec.chunkUnit(), "maxNumBatchedTokens - numExtraRowTokens",
        limits.maxNumBatchedTokens() - limits.numExtraRowTokens());
    if (kvCache.layout().blockSize() != spec.blockSize()) {
      throw new IllegalArgumentException("blockSize of the cache is " + kvCache.layout().blockSize()
          + ", that of the executor " + spec.blockSize());
    }
    if (drafter != null && limits.maxNumDraftTokens() == 0) {
      throw new IllegalArgumentException("maxNumDraftTokens is 0, must be 1 or more with a drafter;"
          + " the executor verifies at most " + spec.maxNumDraftTokens());
    }
    return new Scheduler(this);
  }

  private static void atMost(String field, int value, String limitName, int limit) {
    if (value > limit) {
      throw new IllegalArgumentException(
          field + " is " + value + ", must be at most " + limitName + ", " + limit);
    }
  }
}
