package dev.weft.engine.timeline;

/** What is kept of a step; tokens are split as {@link RunKind} says. */
enum StepColumn {
  STEP_ID,
  PLANNED_AT,
  /** When its result was applied. */
  APPLIED_AT,
  /** When the executor can have begun: planned, and the step before applied. */
  BEGAN_AT,
  /** When it was over: applied, or, without a result, when the next one began. */
  ENDED_AT,
  DEVICE_NANOS,
  /** Ordinal of {@link StepOutcome}. */
  OUTCOME,
  NUM_ROWS,
  NUM_PREFILL_TOKENS,
  NUM_RECOMPUTED_TOKENS,
  NUM_DECODE_TOKENS,
  NUM_DRAFT_TOKENS,
  /** Adopted from the prefix cache by those admitted since the step before. */
  NUM_CACHED_TOKENS,
  /** Delivered by its result. */
  NUM_OUTPUT_TOKENS,
  /** Since the step before. */
  NUM_ADMITTED,
  /** Since the step before. */
  NUM_PREEMPTED,
  /** Since the step before. */
  NUM_FINISHED,
  NUM_WAITING,
  NUM_RUNNING,
  NUM_BLOCKED,
  NUM_IN_FLIGHT,
  /** Empty plans since the step before. */
  NUM_EMPTY_PLANS,
  /** Held KV blocks in millionths of all. */
  KV_MILLIONTHS,
  /** Ordinal of {@link WaitCause}. */
  WAIT_CAUSE
}
