package dev.weft.engine.timeline;

/** A sequence lost its blocks. */
enum PreemptionColumn {
  /** Row of the sequence. */
  SEQUENCE,
  PREEMPTED_AT,
  /** Number of the step that was being planned, or is planned next. */
  STEP,
  /** Who did not fit, -1 for nobody in particular. */
  FOR_REQUEST_ID,
  /** Ordinal of the reason. */
  REASON,
  NUM_TOKENS_TO_RECOMPUTE,
  NUM_BLOCKS_RELEASED
}
