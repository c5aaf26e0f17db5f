package dev.weft.schedulerapi;

/**
 * Limits that may change while a scheduler runs, each at most the capacity of the same name. A
 * lower cap takes effect at the next step and drops no running work.
 *
 * @param maxNumSeqs          sequences that may be admitted
 * @param maxNumBatchedTokens tokens of one step
 * @param maxNumWaiting       sequences that may wait when a request is added
 */
public record LiveCaps(int maxNumSeqs, int maxNumBatchedTokens, int maxNumWaiting) {
  /** The capacities themselves. */
  public static LiveCaps of(SchedulerLimits limits) {
    return new LiveCaps(limits.maxNumSeqs(), limits.maxNumBatchedTokens(), limits.maxNumWaiting());
  }

  /** Checks the caps against the capacities; at least 1 and at most the limit of the same name. */
  public LiveCaps checkedAgainst(SchedulerLimits limits) {
    Check.inRange("maxNumSeqs", maxNumSeqs, 1, limits.maxNumSeqs());
    Check.inRange("maxNumBatchedTokens", maxNumBatchedTokens, limits.numExtraRowTokens() + 1,
        limits.maxNumBatchedTokens());
    Check.inRange("maxNumWaiting", maxNumWaiting, 1, limits.maxNumWaiting());
    return this;
  }
}
