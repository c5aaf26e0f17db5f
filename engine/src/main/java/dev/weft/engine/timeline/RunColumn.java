package dev.weft.engine.timeline;

/** Rows of one sequence: one row, or, for {@link RunKind#DECODE}, those of consecutive steps. */
enum RunColumn {
  /** Row of the sequence. */
  SEQUENCE,
  /** Ordinal of {@link RunKind}. */
  KIND,
  FIRST_STEP,
  LAST_STEP,
  START_POSITION,
  NUM_TOKENS,
  /** Of these, computed before and lost. */
  NUM_RECOMPUTED_TOKENS,
  /** Of these, drafts. */
  NUM_DRAFT_TOKENS
}
