package dev.weft.engine.timeline;

import java.util.ArrayList;
import java.util.List;

/**
 * Everything that a timeline has kept. Each table has a bound that follows from the most steps;
 * when one has no room left, the oldest quarter of the steps goes, with all that was over by then.
 */
final class Tables {
  private static final int MAX_NUM_TENANTS = 256;
  private static final int MAX_NUM_FAILURES = 64;
  private static final int MAX_FAILURE_LENGTH = 1_000;
  private static final String OTHER_TENANTS = "(other tenants)";

  final ColumnTable<StepColumn> steps;
  final ColumnTable<SequenceColumn> sequences;
  final ColumnTable<WaitColumn> waits;
  final ColumnTable<RunColumn> runs;
  final ColumnTable<PreemptionColumn> preemptions;
  final List<String> tenants;
  final List<Failure> failures;
  /** Number of the step in the first row of {@link #steps}: so many were kept once and are not. */
  long firstStep;
  /** Sequences that ended before the first step and were dropped. */
  long numDroppedSequences;
  /** Sequences, waits, runs and preemptions that were never kept, because there was no room. */
  long numMissingRows;

  Tables(int maxNumSteps) {
    steps = new ColumnTable<>(StepColumn.class, maxNumSteps);
    sequences = new ColumnTable<>(SequenceColumn.class, maxNumSequences(maxNumSteps));
    waits = new ColumnTable<>(WaitColumn.class, 8 * maxNumSteps);
    runs = new ColumnTable<>(RunColumn.class, 16 * maxNumSteps);
    preemptions = new ColumnTable<>(PreemptionColumn.class, 4 * maxNumSteps);
    tenants = new ArrayList<>();
    failures = new ArrayList<>();
  }

  private Tables(Tables from) {
    steps = from.steps.copy();
    sequences = from.sequences.copy();
    waits = from.waits.copy();
    runs = from.runs.copy();
    preemptions = from.preemptions.copy();
    tenants = List.copyOf(from.tenants);
    failures = List.copyOf(from.failures);
    firstStep = from.firstStep;
    numDroppedSequences = from.numDroppedSequences;
    numMissingRows = from.numMissingRows;
  }

  /** Most sequences kept beside so many steps. */
  static int maxNumSequences(int maxNumSteps) {
    return 4 * maxNumSteps;
  }

  /** What is there now, in tables that nobody else writes. */
  Tables copy() {
    return new Tables(this);
  }

  /** Number of the step that is planned next. */
  long nextStep() {
    return firstStep + steps.numRows();
  }

  /** When a step was planned; for one that is not kept any more, when the first one was. */
  long plannedAt(long step) {
    return steps.get(StepColumn.PLANNED_AT, (int) Math.max(0, step - firstStep));
  }

  /** Number of the first step, from {@code step} on, that was planned then or later. */
  long stepPlannedFrom(long nanos, long step) {
    long found = Math.max(step, firstStep);
    while (found < nextStep() && plannedAt(found) < nanos) {
      found++;
    }
    return found;
  }

  /**
   * Fills in when each step began and ended, so that steps in flight at once stand behind one
   * another, as the executor runs them.
   */
  void placeSteps() {
    long end = ColumnTable.NEVER;
    for (int row = 0; row < steps.numRows(); row++) {
      long began = Math.max(end, steps.get(StepColumn.PLANNED_AT, row));
      long applied = steps.get(StepColumn.APPLIED_AT, row);
      steps.set(StepColumn.BEGAN_AT, row, began);
      end = applied == ColumnTable.NEVER ? endWithoutResult(row, began) : Math.max(began, applied);
      steps.set(StepColumn.ENDED_AT, row, end);
    }
  }

  private long endWithoutResult(int row, long began) {
    return row + 1 == steps.numRows()
        ? began : Math.max(began, steps.get(StepColumn.PLANNED_AT, row + 1));
  }

  void addWait(int sequence, WaitKind kind, long beganAt, long endedAt, long firstStep,
      long endStep) {
    if (waits.isFull(1)) {
      numMissingRows++;
      return;
    }
    int row = waits.add();
    waits.set(WaitColumn.SEQUENCE, row, sequence);
    waits.set(WaitColumn.KIND, row, kind.ordinal());
    waits.set(WaitColumn.BEGAN_AT, row, beganAt);
    waits.set(WaitColumn.ENDED_AT, row, endedAt);
    waits.set(WaitColumn.FIRST_STEP, row, firstStep);
    waits.set(WaitColumn.END_STEP, row, endStep);
  }

  /** Index of a name; names beyond the bound share one. */
  int tenant(String name) {
    int index = tenants.indexOf(name);
    if (index < 0 && tenants.size() < MAX_NUM_TENANTS) {
      tenants.add(tenants.size() == MAX_NUM_TENANTS - 1 ? OTHER_TENANTS : name);
      index = tenants.size() - 1;
    }
    return index < 0 ? MAX_NUM_TENANTS - 1 : index;
  }

  /** Keeps why a step failed, cut to a bound; of many failures the first ones. */
  void addFailure(long step, String message) {
    if (failures.size() < MAX_NUM_FAILURES) {
      failures.add(new Failure(step,
          message.substring(0, Math.min(message.length(), MAX_FAILURE_LENGTH))));
    }
  }

  // ---- room

  /** True when a step with so many rows, or so many sequences, would find no room. */
  boolean isFull(int numRows, int numSequences) {
    return steps.isFull(1) || sequences.isFull(numSequences) || runs.isFull(numRows)
        || waits.isFull(2 * numRows) || preemptions.isFull(numRows);
  }

  /**
   * Drops the oldest quarter of the steps, and what was over when the first kept one was planned.
   *
   * @return for each row of the sequences its new row, or -1; rows of all other tables have moved
   *     too
   */
  int[] dropOldest() {
    int numDropped = Math.max(1, steps.numRows() / 4);
    firstStep += numDropped;
    steps.retain(row -> row >= numDropped);
    long cut = plannedAt(firstStep);
    int[] newRow = new int[sequences.numRows()];
    int numKept = 0;
    for (int row = 0; row < newRow.length; row++) {
      newRow[row] = isOver(row, cut) ? -1 : numKept++;
    }
    numDroppedSequences += newRow.length - numKept;
    sequences.retain(row -> newRow[row] >= 0);
    waits.retain(row -> waits.get(WaitColumn.ENDED_AT, row) >= cut);
    runs.retain(row -> runs.get(RunColumn.LAST_STEP, row) >= firstStep);
    preemptions.retain(row -> preemptions.get(PreemptionColumn.PREEMPTED_AT, row) >= cut);
    failures.removeIf(failure -> failure.step < firstStep);
    rename(waits, WaitColumn.SEQUENCE, newRow);
    rename(runs, RunColumn.SEQUENCE, newRow);
    rename(preemptions, PreemptionColumn.SEQUENCE, newRow);
    return newRow;
  }

  /** All samples of a request stay together, because they are found by the first one. */
  private boolean isOver(int row, long cut) {
    int first = row - (int) sequences.get(SequenceColumn.SAMPLE_INDEX, row);
    long numSamples = sequences.get(SequenceColumn.NUM_SAMPLES, row);
    for (int i = 0; i < numSamples; i++) {
      long finishedAt = sequences.get(SequenceColumn.FINISHED_AT, first + i);
      if (finishedAt == ColumnTable.NEVER || finishedAt >= cut) {
        return false;
      }
    }
    return true;
  }

  private static <C extends Enum<C>> void rename(ColumnTable<C> table, C column, int[] newRow) {
    for (int row = 0; row < table.numRows(); row++) {
      table.set(column, row, newRow[(int) table.get(column, row)]);
    }
  }

  /** A step that failed, and why. */
  record Failure(long step, String message) {}
}
