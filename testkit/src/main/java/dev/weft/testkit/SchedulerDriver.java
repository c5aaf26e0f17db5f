package dev.weft.testkit;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler as tests see one, so that this kit needs none. An implementation passes every call on
 * to the scheduler under test.
 */
public interface SchedulerDriver {
  AddResult add(Request request, long nowNanos);

  /** False when the request does not live. */
  boolean abort(long requestId, long nowNanos);

  /** The host found a stop string; false when the sample does not live. */
  boolean stop(long requestId, int sampleIndex, int numTokensKept, long nowNanos);

  /** What a blocked request waited for has come; false when it is not blocked. */
  boolean unblock(long requestId);

  void pause(PauseMode mode);

  void setCaps(LiveCaps caps);

  /** Preempts all running sequences and forgets all cached prefixes; false when it was refused. */
  boolean resetPrefixCache();

  /** Ends everything and refuses what comes. */
  void shutDown(long nowNanos);

  /** The executor died with all it held; the next plan is for a new one. */
  void onExecutorDead(AfterDeath afterDeath, long nowNanos);

  StepPlan plan(long nowNanos);

  void update(StepResult result, long nowNanos);

  /** Has drafts made, after an update; does nothing where the setup has no drafter. */
  default void draft(long nowNanos) {}

  /** True when another step may be planned before a result is applied. */
  boolean canPlan();

  /** True when no request lives and no step is in flight. */
  boolean isIdle();

  SchedulerStats stats();

  KvCache kvCache();

  /**
   * Recounts everything.
   *
   * @throws IllegalStateException naming the invariant that does not hold
   */
  void checkIntegrity();

  /** What becomes of the running sequences of a dead executor. */
  enum AfterDeath {
    /** They end with an error. */
    END,
    /** They wait again, to be computed anew. */
    REQUEUE
  }

  /** Makes schedulers. */
  @FunctionalInterface
  interface Factory {
    SchedulerDriver create(Setup setup);
  }

  /**
   * What a scheduler is made of.
   *
   * @param spec            of the executor; its blocks, null block included, are those of the cache
   * @param cachesPrefixes  whether the cache keeps prefixes
   * @param seed            from which seeds of requests are derived
   * @param drafter         whom {@link SchedulerDriver#draft} asks; null for none
   * @param draftLengths    how many drafts it is asked for
   */
  record Setup(SchedulerLimits limits, ExecutorSpec spec, boolean cachesPrefixes,
      SchedulingPolicy policy, SchedulerListener listener, long seed, @Nullable Drafter drafter,
      DraftLengthPolicy draftLengths) {
    /** One without drafts. */
    public Setup(SchedulerLimits limits, ExecutorSpec spec, boolean cachesPrefixes,
        SchedulingPolicy policy, SchedulerListener listener, long seed) {
      this(limits, spec, cachesPrefixes, policy, listener, seed, null, DraftLengthPolicy.LONGEST);
    }
  }
}
