package dev.weft.engine.timeline;

/** What is kept of a sequence, which is one sample of a request. */
enum SequenceColumn {
  REQUEST_ID,
  SAMPLE_INDEX,
  NUM_SAMPLES,
  NUM_PROMPT_TOKENS,
  MAX_NEW_TOKENS,
  PRIORITY,
  /** Index into the names of tenants. */
  TENANT,
  /** Ordinal of the reason why it began blocked, or -1. */
  BLOCK_REASON,
  ADDED_AT,
  /** From its arrival on the caller's clock until it was added; 0 when it does not say. */
  BEFORE_ADDED_NANOS,
  /** From the addition; -1 without a deadline. */
  DEADLINE_NANOS,
  /** For the first time. */
  ADMITTED_AT,
  /** Adopted from the prefix cache when it was first admitted. */
  NUM_CACHED_TOKENS,
  FIRST_TOKEN_AT,
  LAST_TOKEN_AT,
  /** Longest time between two of its tokens, and when that was over. */
  LONGEST_GAP_NANOS,
  LONGEST_GAP_ENDED_AT,
  NUM_OUTPUT_TOKENS,
  NUM_PREEMPTIONS,
  FINISHED_AT,
  /** Ordinal of the reason, or -1 while it lives. */
  FINISH_REASON
}
