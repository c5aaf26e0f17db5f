package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.ColumnTable.NEVER;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a scheduler tells into {@link Tables}. Steps are numbered from 0 in the order in which
 * they were planned, empty plans left out.
 *
 * <p>A decode row prolongs the run of its sequence, so that what is stored grows with the turns in
 * the lives of sequences rather than with their rows. Cost O(rows) a step; nothing is allocated but
 * what the tables grow by. Not thread-safe.
 */
final class Recorder implements SchedulerListener {
  private static final double MILLION = 1e6;
  private final int maxNumSteps;
  private final Tables tables;
  private final ColumnTable<StepColumn> steps;
  private final Lives lives;
  private final WaitCause.Watch watch;
  /** Sequence that had the slot last; a guess that is checked, for it saves a search. */
  private int[] sequenceOfSlot = new int[64];
  private long lastNanos = NEVER;
  /** Number of the step whose result comes next. */
  private long numApplied;
  private int numEmptyPlans;
  private int numAdmitted;
  private int numPreempted;
  private int numFinished;
  private int numCachedTokens;
  private int numOutputTokens;

  Recorder(int maxNumSteps, @Nullable SchedulerLimits limits) {
    this.maxNumSteps = maxNumSteps;
    tables = new Tables(maxNumSteps);
    steps = tables.steps;
    lives = new Lives(tables, Tables.maxNumSequences(maxNumSteps));
    watch = new WaitCause.Watch(limits);
  }

  /** A copy of all that is known now; what is not over ends with the last thing heard of. */
  Tables snapshot() {
    Tables copy = tables.copy();
    lives.addOpenWaits(copy, lastNanos);
    copy.placeSteps();
    return copy;
  }

  // ---- requests

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    lastNanos = nowNanos;
    int numSamples = request.sampling().numSamples();
    makeRoom(0, numSamples);
    if (tables.sequences.isFull(numSamples)) {
      tables.numMissingRows += numSamples;
      lives.forget(request.id());
    } else {
      lives.open(request, nowNanos);
    }
  }

  @Override public void onAdmit(long requestId, int sampleIndex, int numCached, long nowNanos) {
    lastNanos = nowNanos;
    numAdmitted++;
    numCachedTokens += numCached;
    int sequence = lives.find(requestId, sampleIndex);
    if (sequence >= 0) {
      lives.admit(sequence, numCached, nowNanos);
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    lastNanos = nowNanos;
    numPreempted++;
    int sequence = lives.find(requestId, sampleIndex);
    if (sequence >= 0) {
      lives.preempt(sequence, forRequestId, reason, numTokensToRecompute, numBlocksReleased,
          nowNanos);
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    numOutputTokens++;
    int sequence = lives.find(requestId, sampleIndex);
    if (sequence >= 0) {
      lives.token(sequence, outputIndex, nowNanos);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numTokens, long nowNanos) {
    lastNanos = nowNanos;
    numFinished++;
    int sequence = lives.find(requestId, sampleIndex);
    if (sequence >= 0) {
      lives.finish(sequence, reason, numTokens, numApplied, nowNanos);
    }
  }

  // ---- steps

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    lastNanos = nowNanos;
    WaitCause cause = watch.afterPlan(plan, stats, numPreempted > 0);
    if (plan.isEmpty()) {
      numEmptyPlans++;
      return;
    }
    makeRoom(plan.numRows(), 0);
    int numPrefill = 0;
    int numRecomputed = 0;
    int numDrafts = 0;
    for (int row = 0; row < plan.numRows(); row++) {
      numDrafts += plan.numDraftTokens(row);
      int sequence = sequenceOf(plan, row);
      if (sequence >= 0) {
        lives.addRow(sequence, plan, row, nowNanos);
        numPrefill += lives.numPrefill();
        numRecomputed += lives.numRecomputed();
      }
    }
    int step = steps.add();
    steps.set(StepColumn.STEP_ID, step, plan.stepId());
    steps.set(StepColumn.PLANNED_AT, step, nowNanos);
    steps.set(StepColumn.APPLIED_AT, step, NEVER);
    steps.set(StepColumn.NUM_ROWS, step, plan.numRows());
    steps.set(StepColumn.NUM_PREFILL_TOKENS, step, numPrefill);
    steps.set(StepColumn.NUM_RECOMPUTED_TOKENS, step, numRecomputed);
    steps.set(StepColumn.NUM_DRAFT_TOKENS, step, numDrafts);
    steps.set(StepColumn.NUM_DECODE_TOKENS, step,
        plan.numTokens() - numPrefill - numRecomputed - numDrafts);
    steps.set(StepColumn.WAIT_CAUSE, step, cause.ordinal());
    addLoad(step, stats);
    addEvents(step);
  }

  private int sequenceOf(StepPlan plan, int row) {
    int slot = plan.slot(row);
    if (slot >= sequenceOfSlot.length) {
      sequenceOfSlot = Arrays.copyOf(sequenceOfSlot, Math.max(slot + 1, 2 * slot));
    }
    long requestId = plan.requestId(row);
    int sampleIndex = plan.sampleIndex(row);
    if (!lives.isSequence(sequenceOfSlot[slot], requestId, sampleIndex)) {
      int found = lives.find(requestId, sampleIndex);
      if (found < 0) {
        return found;
      }
      sequenceOfSlot[slot] = found;
    }
    return sequenceOfSlot[slot];
  }

  private void addLoad(int step, SchedulerStats stats) {
    steps.set(StepColumn.NUM_WAITING, step, stats.numWaiting());
    steps.set(StepColumn.NUM_RUNNING, step, stats.numRunning());
    steps.set(StepColumn.NUM_BLOCKED, step, stats.numBlocked());
    steps.set(StepColumn.NUM_IN_FLIGHT, step, stats.numInFlight());
    steps.set(StepColumn.KV_MILLIONTHS, step, Math.round(MILLION * stats.kvUsage()));
  }

  /** What happened since the step before. */
  private void addEvents(int step) {
    steps.set(StepColumn.NUM_EMPTY_PLANS, step, numEmptyPlans);
    steps.set(StepColumn.NUM_ADMITTED, step, numAdmitted);
    steps.set(StepColumn.NUM_PREEMPTED, step, numPreempted);
    steps.set(StepColumn.NUM_FINISHED, step, numFinished);
    steps.set(StepColumn.NUM_CACHED_TOKENS, step, numCachedTokens);
    numEmptyPlans = 0;
    numAdmitted = 0;
    numPreempted = 0;
    numFinished = 0;
    numCachedTokens = 0;
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    lastNanos = nowNanos;
    int step = rowOf(result.stepId());
    if (step >= 0) {
      boolean isFailed = result.outcome() == StepResult.Outcome.FAILED;
      steps.set(StepColumn.APPLIED_AT, step, nowNanos);
      steps.set(StepColumn.DEVICE_NANOS, step, result.deviceNanos());
      steps.set(StepColumn.OUTCOME, step,
          (isFailed ? StepOutcome.FAILED : StepOutcome.COMPLETED).ordinal());
      steps.set(StepColumn.NUM_OUTPUT_TOKENS, step, numOutputTokens);
      numApplied = tables.firstStep + step + 1;
      if (isFailed) {
        tables.addFailure(tables.firstStep + step, result.failureMessage());
      }
    }
    numOutputTokens = 0;
  }

  private int rowOf(long stepId) {
    for (int row = steps.numRows() - 1; row >= 0; row--) {
      long id = steps.get(StepColumn.STEP_ID, row);
      if (id <= stepId) {
        return id == stepId ? row : -1;
      }
    }
    return -1;
  }

  // ---- room

  /**
   * Drops no step below half of the bound, whatever fills the other tables: a crowd of waiting
   * requests would leave no step, and each of them would cost a search for room.
   */
  private void makeRoom(int numRows, int numSequences) {
    if (tables.isFull(numRows, numSequences) && steps.numRows() >= maxNumSteps / 2) {
      lives.rename(tables.dropOldest());
    }
  }
}
