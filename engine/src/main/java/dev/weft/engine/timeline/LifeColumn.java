package dev.weft.engine.timeline;

/** Where a sequence is in its life; one row for each sequence, never written to a file. */
enum LifeColumn {
  /** {@link #WAITING}, {@link #RUNNING} or {@link #ENDED}. */
  STATE,
  /** Ordinal of the {@link WaitKind}, while it waits. */
  WAIT_KIND,
  SINCE_AT,
  /** Number of the step that was to be planned next when it began to wait. */
  SINCE_STEP,
  /** Number of the step with its last row, or -1. */
  LAST_STEP,
  /** Its last row of the table of runs, or -1. */
  LAST_RUN,
  /** Positions below this one have been planned to be computed, rejected drafts apart. */
  NUM_COMPUTED;

  static final int WAITING = 0;
  static final int RUNNING = 1;
  static final int ENDED = 2;
}
