package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.ColumnTable.NEVER;
import static dev.weft.engine.timeline.LifeColumn.ENDED;
import static dev.weft.engine.timeline.LifeColumn.RUNNING;
import static dev.weft.engine.timeline.LifeColumn.WAITING;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.StepPlan;
import org.agrona.collections.Long2LongHashMap;

/**
 * Follows each sequence through its turns, and writes what it was until then when one comes: a wait
 * that is over, a row that it got.
 */
final class Lives {
  private final Tables tables;
  private final ColumnTable<SequenceColumn> sequences;
  private final ColumnTable<RunColumn> runs;
  /** One row for each row of the sequences. */
  private final ColumnTable<LifeColumn> lives;
  /** By request id, row of its first sample; the other samples follow it. */
  private final Long2LongHashMap firstSample = new Long2LongHashMap(-1);
  /** Tokens of the row written last that had been computed before, and of those that had not. */
  private int numRecomputed;
  private int numPrefill;

  Lives(Tables tables, int maxNumSequences) {
    this.tables = tables;
    sequences = tables.sequences;
    runs = tables.runs;
    lives = new ColumnTable<>(LifeColumn.class, maxNumSequences);
  }

  /** Row of a sequence, or -1 when it is not kept. */
  int find(long requestId, int sampleIndex) {
    int first = (int) firstSample.get(requestId);
    return first < 0 ? -1 : first + sampleIndex;
  }

  boolean isSequence(int row, long requestId, int sampleIndex) {
    return row < sequences.numRows()
        && sequences.get(SequenceColumn.REQUEST_ID, row) == requestId
        && sequences.get(SequenceColumn.SAMPLE_INDEX, row) == sampleIndex
        && lives.get(LifeColumn.STATE, row) != ENDED;
  }

  /** Begins the lives of all samples of a request; the caller has asked for room. */
  void open(Request request, long nowNanos) {
    firstSample.put(request.id(), sequences.numRows());
    int numSamples = request.sampling().numSamples();
    for (int i = 0; i < numSamples; i++) {
      int row = sequences.add();
      describe(row, request, i, nowNanos);
      lives.add();
      lives.set(LifeColumn.LAST_STEP, row, -1);
      lives.set(LifeColumn.LAST_RUN, row, -1);
      beginWait(row, WaitKind.QUEUED, nowNanos);
    }
  }

  /** A request of that id lives and is not kept; an earlier one of the same id is not meant. */
  void forget(long requestId) {
    firstSample.remove(requestId);
  }

  private void describe(int row, Request request, int sampleIndex, long nowNanos) {
    BlockReason block = request.blockReason();
    boolean hasArrival = request.arrivalNanos() != Request.ARRIVES_WHEN_ADDED;
    boolean hasDeadline = request.deadlineNanos() != Request.NO_DEADLINE;
    sequences.set(SequenceColumn.REQUEST_ID, row, request.id());
    sequences.set(SequenceColumn.SAMPLE_INDEX, row, sampleIndex);
    sequences.set(SequenceColumn.NUM_SAMPLES, row, request.sampling().numSamples());
    sequences.set(SequenceColumn.NUM_PROMPT_TOKENS, row, request.numPromptTokens());
    sequences.set(SequenceColumn.MAX_NEW_TOKENS, row, request.sampling().maxNewTokens());
    sequences.set(SequenceColumn.PRIORITY, row, request.priority());
    sequences.set(SequenceColumn.TENANT, row, tables.tenant(request.tenant()));
    sequences.set(SequenceColumn.BLOCK_REASON, row, block == null ? -1 : block.ordinal());
    sequences.set(SequenceColumn.ADDED_AT, row, nowNanos);
    sequences.set(SequenceColumn.BEFORE_ADDED_NANOS, row,
        hasArrival ? Math.max(0, nowNanos - request.arrivalNanos()) : 0);
    sequences.set(SequenceColumn.DEADLINE_NANOS, row,
        hasDeadline ? Math.max(0, request.deadlineNanos() - nowNanos) : -1);
    sequences.set(SequenceColumn.ADMITTED_AT, row, NEVER);
    sequences.set(SequenceColumn.FIRST_TOKEN_AT, row, NEVER);
    sequences.set(SequenceColumn.LAST_TOKEN_AT, row, NEVER);
    sequences.set(SequenceColumn.LONGEST_GAP_ENDED_AT, row, NEVER);
    sequences.set(SequenceColumn.FINISHED_AT, row, NEVER);
    sequences.set(SequenceColumn.FINISH_REASON, row, -1);
  }

  // ---- waiting and running

  private void beginWait(int row, WaitKind kind, long nowNanos) {
    lives.set(LifeColumn.STATE, row, WAITING);
    lives.set(LifeColumn.WAIT_KIND, row, kind.ordinal());
    lives.set(LifeColumn.SINCE_AT, row, nowNanos);
    lives.set(LifeColumn.SINCE_STEP, row, tables.nextStep());
  }

  /** It begins to hold blocks; how many tokens it found in the prefix cache. */
  void admit(int row, int numCachedTokens, long nowNanos) {
    endWait(tables, row, nowNanos);
    lives.set(LifeColumn.STATE, row, RUNNING);
    lives.set(LifeColumn.LAST_STEP, row, tables.nextStep() - 1); // It was not left out before.
    if (sequences.get(SequenceColumn.ADMITTED_AT, row) == NEVER) {
      sequences.set(SequenceColumn.ADMITTED_AT, row, nowNanos);
      sequences.set(SequenceColumn.NUM_CACHED_TOKENS, row, numCachedTokens);
    }
  }

  /** Writes the wait of a sequence into tables, which may be a copy. */
  private void endWait(Tables target, int row, long nowNanos) {
    WaitKind kind = WaitKind.values()[(int) lives.get(LifeColumn.WAIT_KIND, row)];
    long since = lives.get(LifeColumn.SINCE_AT, row);
    long sinceStep = lives.get(LifeColumn.SINCE_STEP, row);
    int first = row - (int) sequences.get(SequenceColumn.SAMPLE_INDEX, row);
    long promptBegan = sequences.get(SequenceColumn.ADMITTED_AT, first);
    if (kind == WaitKind.QUEUED && first != row && promptBegan != NEVER) {
      long step = target.stepPlannedFrom(promptBegan, sinceStep);
      target.addWait(row, WaitKind.QUEUED, since, promptBegan, sinceStep, step);
      target.addWait(row, WaitKind.SHARED_PROMPT, promptBegan, nowNanos, step, target.nextStep());
    } else {
      target.addWait(row, kind, since, nowNanos, sinceStep, target.nextStep());
    }
  }

  /** Writes that it ran and had no row in the steps behind its last one. */
  private void endAbsence(Tables target, int row, long nowNanos) {
    long first = lives.get(LifeColumn.LAST_STEP, row) + 1;
    if (first < target.nextStep()) {
      target.addWait(row, WaitKind.LEFT_OUT, target.plannedAt(first), nowNanos, first,
          target.nextStep());
    }
  }

  void preempt(int row, long forRequestId, PreemptReason reason, int numTokensToRecompute,
      int numBlocksReleased, long nowNanos) {
    endTurn(row, nowNanos);
    beginWait(row, WaitKind.PREEMPTED, nowNanos);
    lives.set(LifeColumn.LAST_RUN, row, -1);
    sequences.add(SequenceColumn.NUM_PREEMPTIONS, row, 1);
    if (tables.preemptions.isFull(1)) {
      tables.numMissingRows++;
      return;
    }
    int at = tables.preemptions.add();
    tables.preemptions.set(PreemptionColumn.SEQUENCE, at, row);
    tables.preemptions.set(PreemptionColumn.PREEMPTED_AT, at, nowNanos);
    tables.preemptions.set(PreemptionColumn.STEP, at, tables.nextStep());
    tables.preemptions.set(PreemptionColumn.FOR_REQUEST_ID, at, forRequestId);
    tables.preemptions.set(PreemptionColumn.REASON, at, reason.ordinal());
    tables.preemptions.set(PreemptionColumn.NUM_TOKENS_TO_RECOMPUTE, at, numTokensToRecompute);
    tables.preemptions.set(PreemptionColumn.NUM_BLOCKS_RELEASED, at, numBlocksReleased);
  }

  private void endTurn(int row, long nowNanos) {
    if (lives.get(LifeColumn.STATE, row) == WAITING) {
      endWait(tables, row, nowNanos);
    } else {
      endAbsence(tables, row, nowNanos);
    }
  }

  /** @param numApplied number of the step whose result comes next, or is being applied */
  void finish(int row, FinishReason reason, int numOutputTokens, long numApplied, long nowNanos) {
    boolean hasRowInFlight = lives.get(LifeColumn.STATE, row) == RUNNING
        && lives.get(LifeColumn.LAST_STEP, row) >= numApplied;
    if (!hasRowInFlight) {
      endTurn(row, nowNanos);
    }
    lives.set(LifeColumn.STATE, row, ENDED);
    sequences.set(SequenceColumn.FINISHED_AT, row, nowNanos);
    sequences.set(SequenceColumn.FINISH_REASON, row, reason.ordinal());
    sequences.set(SequenceColumn.NUM_OUTPUT_TOKENS, row, numOutputTokens);
  }

  void token(int row, int outputIndex, long nowNanos) {
    long numComputed = sequences.get(SequenceColumn.NUM_PROMPT_TOKENS, row) + outputIndex;
    if (numComputed > lives.get(LifeColumn.NUM_COMPUTED, row)) { // The token follows a draft.
      lives.set(LifeColumn.NUM_COMPUTED, row, numComputed);
    }
    long last = sequences.get(SequenceColumn.LAST_TOKEN_AT, row);
    if (last == NEVER) {
      sequences.set(SequenceColumn.FIRST_TOKEN_AT, row, nowNanos);
    } else if (nowNanos - last > sequences.get(SequenceColumn.LONGEST_GAP_NANOS, row)) {
      sequences.set(SequenceColumn.LONGEST_GAP_NANOS, row, nowNanos - last);
      sequences.set(SequenceColumn.LONGEST_GAP_ENDED_AT, row, nowNanos);
    }
    sequences.set(SequenceColumn.LAST_TOKEN_AT, row, nowNanos);
    sequences.add(SequenceColumn.NUM_OUTPUT_TOKENS, row, 1);
  }

  // ---- rows

  /** A row of a plan that becomes the next step; see {@link #numRecomputed}. */
  void addRow(int sequence, StepPlan plan, int row, long nowNanos) {
    if (lives.get(LifeColumn.STATE, sequence) == WAITING) {
      admit(sequence, 0, nowNanos); // A forked sample is told of by its first row alone.
    } else {
      endAbsence(tables, sequence, nowNanos);
    }
    RunKind kind = split(sequence, plan, row);
    long step = tables.nextStep();
    int run = (int) lives.get(LifeColumn.LAST_RUN, sequence);
    boolean isLonger = kind == RunKind.DECODE && run >= 0
        && runs.get(RunColumn.KIND, run) == RunKind.DECODE.ordinal()
        && lives.get(LifeColumn.LAST_STEP, sequence) == step - 1;
    if (!isLonger) {
      run = addRun(sequence, kind, step, plan.startPosition(row));
    }
    lives.set(LifeColumn.LAST_RUN, sequence, run);
    lives.set(LifeColumn.LAST_STEP, sequence, step);
    if (run >= 0) {
      runs.set(RunColumn.LAST_STEP, run, step);
      runs.add(RunColumn.NUM_TOKENS, run, plan.numTokens(row));
      runs.add(RunColumn.NUM_RECOMPUTED_TOKENS, run, numRecomputed);
      runs.add(RunColumn.NUM_DRAFT_TOKENS, run, plan.numDraftTokens(row));
    }
  }

  private int addRun(int sequence, RunKind kind, long step, int startPosition) {
    if (runs.isFull(1)) {
      tables.numMissingRows++;
      return -1;
    }
    int run = runs.add();
    runs.set(RunColumn.SEQUENCE, run, sequence);
    runs.set(RunColumn.KIND, run, kind.ordinal());
    runs.set(RunColumn.FIRST_STEP, run, step);
    runs.set(RunColumn.START_POSITION, run, startPosition);
    return run;
  }

  private RunKind split(int sequence, StepPlan plan, int row) {
    int start = plan.startPosition(row);
    int end = start + plan.numTokens(row) - plan.numDraftTokens(row);
    int numComputed = (int) lives.get(LifeColumn.NUM_COMPUTED, sequence);
    int numPrompt = (int) sequences.get(SequenceColumn.NUM_PROMPT_TOKENS, sequence);
    numRecomputed = Math.max(0, Math.min(end, numComputed) - start);
    numPrefill = Math.max(0, Math.min(end, numPrompt) - start - numRecomputed);
    lives.set(LifeColumn.NUM_COMPUTED, sequence, Math.max(numComputed, end));
    int numDecode = end - start - numRecomputed - numPrefill;
    if (numPrefill > 0 && numPrefill >= numRecomputed) {
      return RunKind.PREFILL;
    }
    return numRecomputed > 0 && numRecomputed >= numDecode ? RunKind.RECOMPUTE : RunKind.DECODE;
  }

  /** Tokens of the row added last that had been computed before. */
  int numRecomputed() {
    return numRecomputed;
  }

  /** Tokens of the row added last that are of the prompt and had not been computed before. */
  int numPrefill() {
    return numPrefill;
  }

  // ---- the end of a recording, and of a part of it

  /** Adds to a copy of the tables what has begun and is not over. */
  void addOpenWaits(Tables copy, long nowNanos) {
    for (int row = 0; row < lives.numRows(); row++) {
      long state = lives.get(LifeColumn.STATE, row);
      if (state == WAITING) {
        endWait(copy, row, nowNanos);
      } else if (state == RUNNING) {
        endAbsence(copy, row, nowNanos);
      }
    }
  }

  /** Follows {@link Tables#dropOldest}. */
  void rename(int[] newRow) {
    lives.retain(row -> newRow[row] >= 0);
    firstSample.clear();
    for (int row = 0; row < lives.numRows(); row++) {
      lives.set(LifeColumn.LAST_RUN, row, -1); // Rows of runs have moved.
      if (sequences.get(SequenceColumn.SAMPLE_INDEX, row) == 0) {
        firstSample.put(sequences.get(SequenceColumn.REQUEST_ID, row), row);
      }
    }
  }
}
