package dev.weft.micrometer;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Numbers that the scheduler thread writes and any thread reads, without a lock: each is one word,
 * written with release and read with acquire order. What is read together need not be of the same
 * moment: a counter is one word and no difference of two, which could fall.
 */
final class Published {
  private static final Grant[] GRANTS = Grant.values();
  private static final FinishReason[] REASONS = FinishReason.values();

  /** What has one number. */
  enum Value {
    RUNNING,
    WAITING,
    BLOCKED,
    /** A share. */
    KV_USAGE,
    /** A share. */
    BUDGET_USAGE,
    PREFIX_QUERIES,
    PREFIX_HITS,
    PREEMPTIONS,
    PROMPT_TOKENS,
    CACHED_TOKENS,
    COMPUTED_TOKENS,
    OUTPUT_TOKENS,
    DRAFTS,
    DRAFT_TOKENS,
    ACCEPTED_TOKENS,
    STEPS,
    EMPTY_STEPS,
    FAILED_STEPS,
    SCHEDULED_TOKENS,
    RECOMPUTED_TOKENS,
    POLICY_FAILURES,
    DRAFT_REFUSALS,
    DRAFTING_FAILURES,
    LISTENER_FAILURES
  }

  private final AtomicLongArray values = new AtomicLongArray(Value.values().length);
  private final AtomicLongArray grants = new AtomicLongArray(GRANTS.length);
  private final AtomicLongArray finished = new AtomicLongArray(REASONS.length);
  private final AtomicLongArray accepted;

  Published(int maxNumDraftTokens) {
    accepted = new AtomicLongArray(maxNumDraftTokens);
  }

  // ---- the scheduler thread

  void set(Value value, long number) {
    values.setRelease(value.ordinal(), number);
  }

  void setShare(Value value, double share) {
    set(value, Double.doubleToRawLongBits(share));
  }

  void add(Value value, long number) {
    add(values, value.ordinal(), number);
  }

  private static void add(AtomicLongArray numbers, int index, long number) {
    numbers.setRelease(index, numbers.getPlain(index) + number); // There is one writer.
  }

  void addFinished(FinishReason reason) {
    add(finished, reason.ordinal(), 1);
  }

  /** One row whose first {@code numTokens} drafts were accepted. */
  void addAccepted(int numTokens) {
    add(Value.ACCEPTED_TOKENS, numTokens);
    for (int position = 0; position < numTokens; position++) {
      add(accepted, position, 1);
    }
  }

  /** What the scheduler counts itself. */
  void set(SchedulerStats stats) {
    setLoad(stats.numRunning(), stats.numWaiting(), stats.numBlocked());
    setShare(Value.KV_USAGE, stats.kvUsage());
    set(Value.PREFIX_QUERIES, stats.numPrefixQueryTokens());
    set(Value.PREFIX_HITS, stats.numPrefixHitTokens());
    set(Value.STEPS, stats.numSteps());
    set(Value.EMPTY_STEPS, stats.numEmptySteps());
    set(Value.SCHEDULED_TOKENS, stats.numScheduledTokens());
    set(Value.RECOMPUTED_TOKENS, stats.numRecomputedTokens());
    set(Value.POLICY_FAILURES, stats.numPolicyFailures());
    set(Value.DRAFT_REFUSALS, stats.numDraftRefusals());
    set(Value.DRAFTING_FAILURES, stats.numDraftingFailures());
    set(Value.LISTENER_FAILURES, stats.numListenerFailures());
    for (Grant grant : GRANTS) {
      grants.setRelease(grant.ordinal(), stats.numGrants(grant));
    }
  }

  private void setLoad(long numRunning, long numWaiting, long numBlocked) {
    set(Value.RUNNING, numRunning);
    set(Value.WAITING, numWaiting);
    set(Value.BLOCKED, numBlocked);
  }

  /** Nobody lives: what a step would report, should another one come. */
  void setIdle() {
    setLoad(0, 0, 0);
    setShare(Value.KV_USAGE, 0);
    setShare(Value.BUDGET_USAGE, 0);
  }

  // ---- any thread

  long count(Value value) {
    return values.getAcquire(value.ordinal());
  }

  double share(Value value) {
    return Double.longBitsToDouble(count(value));
  }

  long grants(Grant grant) {
    return grants.getAcquire(grant.ordinal());
  }

  long finished(FinishReason reason) {
    return finished.getAcquire(reason.ordinal());
  }

  long accepted(int position) {
    return accepted.getAcquire(position);
  }

  int maxNumDraftTokens() {
    return accepted.length();
  }
}
