package dev.weft.engine.timeline;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/** Rows of tables as lines, for tests to compare. */
final class TableText {
  private TableText() {}

  /** {@code request/sample KIND beganAt-endedAt steps firstStep-endStep}. */
  static List<String> waits(Tables tables) {
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < tables.waits.numRows(); row++) {
      lines.add(name(tables, tables.waits.get(WaitColumn.SEQUENCE, row)) + " "
          + WaitKind.values()[(int) tables.waits.get(WaitColumn.KIND, row)] + " "
          + tables.waits.get(WaitColumn.BEGAN_AT, row) + "-"
          + tables.waits.get(WaitColumn.ENDED_AT, row) + " steps "
          + tables.waits.get(WaitColumn.FIRST_STEP, row) + "-"
          + tables.waits.get(WaitColumn.END_STEP, row));
    }
    return lines;
  }

  /** {@code request/sample KIND steps first-last from position: numTokens}, and what is special. */
  static List<String> runs(Tables tables) {
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < tables.runs.numRows(); row++) {
      long numAgain = tables.runs.get(RunColumn.NUM_RECOMPUTED_TOKENS, row);
      long numDrafts = tables.runs.get(RunColumn.NUM_DRAFT_TOKENS, row);
      lines.add(name(tables, tables.runs.get(RunColumn.SEQUENCE, row)) + " "
          + RunKind.values()[(int) tables.runs.get(RunColumn.KIND, row)] + " steps "
          + tables.runs.get(RunColumn.FIRST_STEP, row) + "-"
          + tables.runs.get(RunColumn.LAST_STEP, row) + " from "
          + tables.runs.get(RunColumn.START_POSITION, row) + ": "
          + tables.runs.get(RunColumn.NUM_TOKENS, row)
          + (numAgain > 0 ? ", again " + numAgain : "")
          + (numDrafts > 0 ? ", drafts " + numDrafts : ""));
    }
    return lines;
  }

  private static String name(Tables tables, long sequence) {
    return tables.sequences.get(SequenceColumn.REQUEST_ID, (int) sequence) + "/"
        + tables.sequences.get(SequenceColumn.SAMPLE_INDEX, (int) sequence);
  }

  /** Some columns of all rows: values between spaces. */
  @SafeVarargs
  static <C extends Enum<C>> List<String> of(ColumnTable<C> table, C... columns) {
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < table.numRows(); row++) {
      StringJoiner line = new StringJoiner(" ");
      for (C column : columns) {
        long value = table.get(column, row);
        line.add(value == ColumnTable.NEVER ? "never" : String.valueOf(value));
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
