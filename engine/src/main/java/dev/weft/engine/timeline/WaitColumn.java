package dev.weft.engine.timeline;

/** A time in which a sequence had no row. */
enum WaitColumn {
  /** Row of the sequence. */
  SEQUENCE,
  /** Ordinal of {@link WaitKind}. */
  KIND,
  BEGAN_AT,
  ENDED_AT,
  /** Number of the first step planned meanwhile. */
  FIRST_STEP,
  /** Number behind the last step planned meanwhile. */
  END_STEP
}
