package dev.weft.simulator;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps account of the tokens that plans schedule, and checks that no work is done twice or
 * forgotten:
 *
 * <pre>
 *   scheduled = prompt + generated - 1 + recomputed - found in the cache + rejected drafts
 * </pre>
 *
 * for each sequence at each of its tokens: a row starts where the one before ended, or at the end
 * of the adopted prefix, or at the last prompt token of a fork; a sampled row reaches exactly the
 * last known token (I31, I59). What the scheduler reports and counts must agree (I27, I48).
 */
final class WorkLedger implements SchedulerListener {
  private static final int NOT_RUNNING = -1;
  private static final int MAX_NUM_SAMPLES = 128;
  private final Map<Long, Account> accounts = new HashMap<>();
  private final ArrayDeque<Row[]> inFlight = new ArrayDeque<>();
  private final Map<Long, Integer> numRowsInFlight = new HashMap<>();
  private final List<Long> preempted = new ArrayList<>();
  private final List<Long> released = new ArrayList<>();
  private long numScheduled;
  private long numRecomputed;
  private long numChunkedRows;
  private long numOutput;
  private long numHit;
  private long numPreemptions;
  private long numAcceptedDrafts;
  private long numRejectedDrafts;

  // ---- steps

  /** Takes in a plan that is not empty. */
  void onSubmit(StepPlan plan) {
    checkReports(plan);
    Row[] rows = new Row[plan.numRows()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = schedule(plan, i);
      numRowsInFlight.merge(plan.requestId(i), 1, Integer::sum);
    }
    inFlight.add(rows);
  }

  /** A plan names who lost its blocks and who ended since the one before, in that order (I48). */
  private void checkReports(StepPlan plan) {
    boolean isComplete = plan.numPreempted() == preempted.size()
        && plan.numReleased() == released.size();
    for (int i = 0; isComplete && i < preempted.size(); i++) {
      isComplete = preempted.get(i) == plan.preemptedRequestId(i);
    }
    for (int i = 0; isComplete && i < released.size(); i++) {
      isComplete = released.get(i) == plan.releasedRequestId(i);
    }
    if (!isComplete) {
      throw new AssertionError("I48: step " + plan.stepId() + " does not report that " + preempted
          + " lost their blocks and " + released + " ended");
    }
    preempted.clear();
    released.clear();
  }

  private Row schedule(StepPlan plan, int i) {
    int start = plan.startPosition(i);
    int end = start + plan.numTokens(i);
    Account account = account(plan.requestId(i), plan.sampleIndex(i));
    if (account.numComputed == NOT_RUNNING) {
      require(account.start == start, "I31", account, "begins at " + start + ", expected "
          + account.start);
      account.numComputed = start;
    }
    require(account.numComputed == start, "I31", account, "goes on at " + start + ", computed are "
        + account.numComputed);
    int numKnown = account.numPrompt + account.numOutput + account.numUnread;
    boolean reachesLast = end - plan.numDraftTokens(i) == numKnown;
    require(plan.isSampled(i) == reachesLast, "I57", account, "ends at " + end + " with "
        + plan.numDraftTokens(i) + " drafts of " + numKnown + " tokens, sampled: "
        + plan.isSampled(i));
    numScheduled += end - start;
    numChunkedRows += plan.isSampled(i) ? 0 : 1;
    numRecomputed += Math.max(0, Math.min(end, account.mostComputed) - start);
    account.numComputed = end;
    account.mostComputed = Math.max(account.mostComputed, end - plan.numDraftTokens(i));
    account.numUnread += plan.isSampled(i) ? 1 : 0;
    return new Row(account, account.epoch, end, plan.isSampled(i), plan.numDraftTokens(i));
  }

  /** Takes in a result that is about to be applied. */
  void onResult(StepResult result) {
    Row[] rows = inFlight.remove();
    boolean isFailed = result.outcome() == StepResult.Outcome.FAILED;
    for (int i = 0; i < rows.length; i++) {
      Row row = rows[i];
      numRowsInFlight.merge(row.account.requestId, -1, Integer::sum);
      if (row.isSampled && !row.isDiscarded && !isFailed && !result.isFailedRow(i)) {
        apply(row, result.numTokens(i));
      }
    }
    if (isFailed) {
      discardInFlight();
    }
  }

  private void apply(Row row, int numTokens) {
    Account account = row.account;
    int numRejected = row.numDrafts - (numTokens - 1);
    int verified = row.end - numRejected;
    numAcceptedDrafts += numTokens - 1;
    numRejectedDrafts += numRejected;
    account.numUnread--;
    account.mostComputed = Math.max(account.mostComputed, verified);
    if (account.epoch == row.epoch) {
      account.numComputed -= numRejected;
    }
    int expected = account.numPrompt + account.numOutput + numTokens - 1;
    require(verified == expected || account.isEnded, "I59", account, "has " + verified
        + " computed tokens and gets " + numTokens + ", expected " + expected);
  }

  /** What is in flight is lost or cannot be trusted. */
  void discardInFlight() {
    for (Row[] rows : inFlight) {
      for (Row row : rows) {
        row.isDiscarded = true;
      }
    }
    accounts.values().forEach(account -> account.numUnread = 0);
  }

  /** The executor died with all steps in flight. */
  void onDeviceLost() {
    discardInFlight();
    inFlight.clear();
    numRowsInFlight.clear();
  }

  /** True when a step in flight has a row of this request. */
  boolean isInFlight(long requestId) {
    return numRowsInFlight.getOrDefault(requestId, 0) > 0;
  }

  // ---- what the scheduler says

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    for (int sample = 0; sample < request.sampling().numSamples(); sample++) {
      accounts.put(key(request.id(), sample),
          new Account(request.id(), sample, request.numPromptTokens()));
    }
  }

  @Override public void onAdmit(long requestId, int sampleIndex, int numCachedTokens,
      long nowNanos) {
    Account account = account(requestId, sampleIndex);
    require(account.numComputed == NOT_RUNNING, "I40", account, "was admitted and runs");
    account.start = numCachedTokens;
    if (account.epoch == 0 && sampleIndex == 0) {
      numHit += numCachedTokens;
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    account(requestId, sampleIndex).numOutput++;
    numOutput++;
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    Account account = account(requestId, sampleIndex);
    int numLost = account.numComputed == NOT_RUNNING ? account.start : account.numComputed;
    require(numTokensToRecompute == numLost, "I48", account, "loses " + numTokensToRecompute
        + " tokens, computed are " + numLost);
    account.numComputed = NOT_RUNNING;
    account.epoch++;
    numPreemptions++;
    preempted.add(requestId);
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    released.add(requestId);
    Account account = accounts.remove(key(requestId, sampleIndex));
    if (account != null) {
      account.isEnded = true;
    }
  }

  long numAcceptedDrafts() {
    return numAcceptedDrafts;
  }

  long numRejectedDrafts() {
    return numRejectedDrafts;
  }

  /** Compares the scheduler's own counts, when everything has ended. */
  void checkStats(SchedulerStats stats) {
    requireEqual("scheduled tokens", numScheduled, stats.numScheduledTokens());
    requireEqual("recomputed tokens", numRecomputed, stats.numRecomputedTokens());
    requireEqual("chunked rows", numChunkedRows, stats.numChunkedRows());
    requireEqual("output tokens", numOutput, stats.numOutputTokens());
    requireEqual("tokens found in the cache", numHit, stats.numPrefixHitTokens());
    requireEqual("preemptions", numPreemptions, stats.numPreemptions());
  }

  private Account account(long requestId, int sampleIndex) {
    Account account = accounts.get(key(requestId, sampleIndex));
    if (account == null) {
      throw new AssertionError(
          "L1: request " + requestId + " sample " + sampleIndex + " does not live");
    }
    return account;
  }

  private static long key(long requestId, int sampleIndex) {
    return requestId * MAX_NUM_SAMPLES + sampleIndex;
  }

  private static void require(boolean holds, String invariant, Account account, String message) {
    if (!holds) {
      throw new AssertionError(invariant + ": request " + account.requestId + " sample "
          + account.sampleIndex + " " + message);
    }
  }

  private static void requireEqual(String what, long expected, long counted) {
    if (expected != counted) {
      throw new AssertionError(
          "I27: " + expected + " " + what + ", the scheduler counted " + counted);
    }
  }

  /** What one sequence has done. */
  private static final class Account {
    private final long requestId;
    private final int sampleIndex;
    private final int numPrompt;
    /** Where its next first row begins: a fork's at the last prompt token, until it is admitted. */
    private int start;
    private int numComputed = NOT_RUNNING;
    private int mostComputed;
    private int numOutput;
    private int numUnread;
    /** Counts preemptions: what was planned before counts no more. */
    private int epoch;
    private boolean isEnded;

    private Account(long requestId, int sampleIndex, int numPrompt) {
      this.requestId = requestId;
      this.sampleIndex = sampleIndex;
      this.numPrompt = numPrompt;
      start = sampleIndex == 0 ? 0 : numPrompt - 1;
    }
  }

  /** One row in flight. */
  private static final class Row {
    private final Account account;
    private final int epoch;
    private final int end;
    private final boolean isSampled;
    private final int numDrafts;
    private boolean isDiscarded;

    private Row(Account account, int epoch, int end, boolean isSampled, int numDrafts) {
      this.account = account;
      this.epoch = epoch;
      this.end = end;
      this.isSampled = isSampled;
      this.numDrafts = numDrafts;
    }
  }
}
