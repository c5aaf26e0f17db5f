package dev.weft.engine.timeline;

/** What became of a step. */
enum StepOutcome {
  /** No result has come yet, or, when a later step has one, never will. */
  OPEN,
  COMPLETED,
  FAILED
}
