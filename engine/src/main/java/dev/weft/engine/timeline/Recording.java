package dev.weft.engine.timeline;

import dev.weft.schedulerapi.SchedulerLimits;
import org.jspecify.annotations.Nullable;

/**
 * What is written to files: tables that do not change any more, and what they are about.
 *
 * @param limits null when nobody knows them
 */
record Recording(String title, @Nullable SchedulerLimits limits, Tables tables) {
  /** The time that files count from: the first thing kept. */
  long originNanos() {
    long origin = Long.MAX_VALUE;
    if (tables.steps.numRows() > 0) {
      origin = tables.steps.get(StepColumn.PLANNED_AT, 0);
    }
    boolean isWhole = tables.firstStep == 0;
    for (int row = 0; isWhole && row < tables.sequences.numRows(); row++) {
      origin = Math.min(origin, tables.sequences.get(SequenceColumn.ADDED_AT, row));
    }
    return origin == Long.MAX_VALUE ? 0 : origin;
  }
}
