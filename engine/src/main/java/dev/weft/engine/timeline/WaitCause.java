package dev.weft.engine.timeline;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import org.jspecify.annotations.Nullable;

/**
 * Why a step admitted nobody else, as far as it shows from outside: what was refused, and which
 * limit was reached. In the order in which they are looked for.
 */
enum WaitCause {
  NOBODY_WAITS,
  /** Somebody was refused for want of KV blocks, or lost its own. */
  KV_BLOCKS,
  /** As many sequences ran as may, or no slot was free. */
  BATCH_FULL,
  /** The step was full of tokens. */
  TOKEN_BUDGET,
  /** Somebody waited for the outside, for an adapter's place or for another shape of step. */
  OTHER_REFUSAL,
  /** The policy asked for nobody else: its gate, its order, or a rule of its own. */
  POLICY;

  /** Remembers counters of refusals from one plan to the next. */
  static final class Watch {
    private static final Grant[] GRANTS = Grant.values();
    private final @Nullable SchedulerLimits limits;
    private final long[] numBefore = new long[GRANTS.length];
    private final long[] numNow = new long[GRANTS.length];

    /** @param limits null when nobody knows them; then only refusals tell */
    Watch(@Nullable SchedulerLimits limits) {
      this.limits = limits;
    }

    /** The cause for the plan just made; called once for each plan. */
    WaitCause afterPlan(StepPlan plan, SchedulerStats stats, boolean anyPreempted) {
      for (int i = 0; i < GRANTS.length; i++) {
        long total = stats.numGrants(GRANTS[i]);
        numNow[i] = total - numBefore[i];
        numBefore[i] = total;
      }
      return stats.numWaiting() == 0 ? NOBODY_WAITS : cause(plan, stats, anyPreempted);
    }

    private WaitCause cause(StepPlan plan, SchedulerStats stats, boolean anyPreempted) {
      if (anyPreempted || isRefused(Grant.NO_BLOCKS) || isRefused(Grant.BLOCKS_PENDING)) {
        return KV_BLOCKS;
      }
      if (isRefused(Grant.NO_SLOTS)
          || (limits != null && stats.numRunning() >= limits.maxNumSeqs())) {
        return BATCH_FULL;
      }
      if (isRefused(Grant.NO_TOKENS) || (limits != null && isBudgetSpent(limits, plan))) {
        return TOKEN_BUDGET;
      }
      return isRefused(Grant.BLOCKED) || isRefused(Grant.NO_SHAPE) || isRefused(Grant.NO_ADAPTER)
          ? OTHER_REFUSAL : POLICY;
    }

    private static boolean isBudgetSpent(SchedulerLimits limits, StepPlan plan) {
      long numUsed = plan.numTokens() + (long) limits.numExtraRowTokens() * plan.numRows();
      return numUsed + limits.numExtraRowTokens() >= limits.maxNumBatchedTokens();
    }

    private boolean isRefused(Grant grant) {
      return numNow[grant.ordinal()] > 0;
    }
  }
}
