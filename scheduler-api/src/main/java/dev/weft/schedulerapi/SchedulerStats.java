package dev.weft.schedulerapi;

/** Counters of a scheduler since its start, and its present load. Read on the scheduler thread. */
public interface SchedulerStats {
  /** Steps planned, empty ones included. */
  long numSteps();

  /** Planned steps without a row. */
  long numEmptySteps();

  /** Tokens in rows of all steps, drafts included. */
  long numScheduledTokens();

  /** Scheduled tokens that had been computed before and were lost by preemption. */
  long numRecomputedTokens();

  /** Output tokens delivered. */
  long numOutputTokens();

  /** Rows that covered only a part of what was pending in a prompt. */
  long numChunkedRows();

  long numPreemptions();

  /** Preemptions that withdrew a row granted in the same step. */
  long numWithdrawnRows();

  /** Sequences forked from a computed prompt. */
  long numForks();

  /** KV blocks copied before a shared one was written. */
  long numBlockCopies();

  /** Tokens asked of the prefix cache, once for each request: when its first sample is admitted. */
  long numPrefixQueryTokens();

  /** Tokens found there. */
  long numPrefixHitTokens();

  /** How often {@link StepBuilder#schedule} gave this answer. */
  long numGrants(Grant grant);

  /** How many sequences ended for this reason. */
  long numFinished(FinishReason reason);

  /** Results that came for a sequence which had ended while they were in flight. */
  long numDiscardedRows();

  /** Drafts in rows whose result was applied; placeholders are none. */
  long numDraftTokens();

  /** How many of them were accepted. */
  long numAcceptedDraftTokens();

  /** Proposals of drafters that were refused. */
  long numDraftRefusals();

  /** Exceptions that came out of the drafter or the policy of draft lengths. */
  long numDraftingFailures();

  /** Exceptions that came out of the policy or its order of waiting. */
  long numPolicyFailures();

  /** Exceptions that came out of the listener. */
  long numListenerFailures();

  /** Times that the token pages had to grow; the only allocation a step may make. */
  long numTokenPageGrowths();

  int numWaiting();

  int numRunning();

  int numBlocked();

  int numInFlight();

  /** Share of KV blocks that sequences hold, 0 to 1; idle cached blocks count as free. */
  double kvUsage();
}
