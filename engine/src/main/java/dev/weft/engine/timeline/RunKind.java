package dev.weft.engine.timeline;

/** What a row computes, by the larger part of its tokens. */
enum RunKind {
  /** Tokens of the prompt, for the first time. */
  PREFILL,
  /** Tokens that had been computed before and were lost by a preemption. */
  RECOMPUTE,
  /** Tokens behind the prompt, for the first time, and drafts. */
  DECODE
}
