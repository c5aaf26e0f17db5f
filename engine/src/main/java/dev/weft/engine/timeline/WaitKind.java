package dev.weft.engine.timeline;

/** Why a sequence has no row. */
enum WaitKind {
  /** It has not been admitted yet. */
  QUEUED,
  /** A further sample: the first one computes the prompt of both. */
  SHARED_PROMPT,
  /** It lost its blocks and waits to be admitted again. */
  PREEMPTED,
  /** It holds blocks, but the step went without it. */
  LEFT_OUT
}
